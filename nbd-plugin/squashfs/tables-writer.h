/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The tables of a squashfs whose data is written: those of another one, but for
 * where the data is.  For squashfs-*.c alone.
 */
#ifndef FARROOT_TABLES_WRITER_H
#define FARROOT_TABLES_WRITER_H

#include "squashfs/contents.h"

/* Appends them to out and then writes the superblock.  Changes the inodes of in.
 * Returns 0 or -errno.
 */
int squashfs_write_tables(struct squashfs_reader *in, const struct contents *contents,
			  sqfs_frag_table_t *fragments, sqfs_compressor_t *pack,
			  sqfs_file_t *out);

#endif
