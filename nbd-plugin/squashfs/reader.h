/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A squashfs that libsquashfs has read, without the data of its files.  Only for
 * squashfs/, the only folder that uses libsquashfs.  One thread; functions that read the
 * image block for the disk.
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

/* Opens the image path.  Returns 0; -EINVAL if it is not a valid squashfs;
 * -EPROTONOSUPPORT if libsquashfs does not support its compression, -ENOPKG if that is lzo;
 * or another -errno.  Close image in any case.
 */
int squashfs_reader_open(const char *path, struct squashfs_reader *image);
void squashfs_reader_close(struct squashfs_reader *image);

/* Makes the compressor of the image, with the best level that the options of the image
 * allow.  Destroy *out with sqfs_destroy.  Returns 0 or -errno.
 */
int squashfs_compressor(const struct squashfs_reader *image, sqfs_compressor_t **out);

/* Returns the -errno for an error of libsquashfs; 0 for 0.  Call it directly after the
 * function that failed: a full disk is in errno only.
 */
int squashfs_error(int error);
/* Returns a message for the -errno of a function of squashfs/. */
const char *squashfs_reason(int err);

#endif
