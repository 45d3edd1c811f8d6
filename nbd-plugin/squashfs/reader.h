/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A squashfs that libsquashfs has read: all but the data of its files.  For the
 * squashfs-*.c alone, which are the only users of libsquashfs.
 */
#ifndef FARROOT_READER_H
#define FARROOT_READER_H

#include <sqfs/block.h>
#include <sqfs/compressor.h>
#include <sqfs/dir_reader.h>
#include <sqfs/error.h>
#include <sqfs/frag_table.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/super.h>

#define SQUASHFS_BLOCK_STORED (1U << 24)	/* in the length of a data block: not compressed */
#define SQUASHFS_NO_FRAGMENT 0xffffffffU
#define SQUASHFS_NO_TABLE UINT64_MAX

struct squashfs_reader {
	sqfs_file_t *file;
	sqfs_super_t super;
	sqfs_compressor_t *unpack;
	sqfs_id_table_t *ids;
	sqfs_frag_table_t *fragments;
	sqfs_dir_reader_t *dirs;
	sqfs_tree_node_t *tree;
};

/* Returns 0 or -errno; -EINVAL of one that is not sound, -EPROTONOSUPPORT of one
 * whose compressor libsquashfs does not know.  To be closed in any case.
 */
int squashfs_reader_open(const char *path, struct squashfs_reader *image);
void squashfs_reader_close(struct squashfs_reader *image);

/* One that packs as that image is packed, as well as it can; to be destroyed by
 * sqfs_destroy.  Returns 0 or -errno.
 */
int squashfs_compressor(const struct squashfs_reader *image, sqfs_compressor_t **out);

/* -errno for an error of libsquashfs. */
int squashfs_error(int error);
/* A sentence for an error of squashfs_reader_open and those after it. */
const char *squashfs_reason(int err);

#endif
