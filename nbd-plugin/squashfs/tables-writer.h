/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Writes the tables of a squashfs after its data: the tables of another squashfs with the
 * new places of the data.  Only for squashfs/.
 */
#ifndef FARROOT_TABLES_WRITER_H
#define FARROOT_TABLES_WRITER_H

#include "squashfs/contents.h"

/* Appends the tables to out, and then writes the superblock.  Changes the inodes of in.
 * The caller keeps the ownership of all arguments.  Returns 0 or -errno.  One thread;
 * blocks for the disk.
 */
int squashfs_write_tables(struct squashfs_reader *in, const struct contents *contents,
			  sqfs_frag_table_t *fragments, sqfs_compressor_t *pack,
			  sqfs_file_t *out);

#endif
