/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The contents of the files of a squashfs.  Files with the same content share one struct
 * content, which holds the old and the new place of the content.  Only for squashfs/.  One
 * thread; contents_collect blocks for the disk.
 */
#ifndef FARROOT_CONTENTS_H
#define FARROOT_CONTENTS_H

#include <stdbool.h>

#include "squashfs/reader.h"

/* Blocks, and an end in a fragment block; either may be missing. */
struct content {
	uint64_t bytes;
	uint64_t start, new_start;	/* offset of the blocks in the old and the new image */
	const uint32_t *blocks;		/* lengths of the blocks, as in the inode */
	uint32_t *new_blocks;		/* has space for one more */
	size_t count, new_count;
	uint32_t fragment, offset;	/* place of the end; fragment may be SQUASHFS_NO_FRAGMENT */
	uint32_t new_fragment, new_offset;
	uint32_t inode_number;		/* of one of the files */
	bool blocks_written, end_written;
};

struct contents {
	struct content *list;		/* sorted by start, fragment and offset */
	size_t count;
	struct content **of_inode;	/* by inode number; NULL: not a regular file */
	struct contents_name *names;	/* sorted */
	size_t name_count, name_space;
};

/* Collects the contents of image, which must outlive out.  Returns 0, -EINVAL (the image is
 * not valid) or -ENOMEM.  Free out with contents_free in any case.
 */
int contents_collect(const struct squashfs_reader *image, struct contents *out);
void contents_free(struct contents *contents);

/* Returns the content of the regular file with this path, or NULL. */
struct content *contents_find(const struct contents *contents, const char *path);

/* The uncompressed sizes in bytes of a block, and of the end in the fragment block. */
size_t content_block_bytes(const struct content *content, size_t block, size_t block_size);
size_t content_end_bytes(const struct content *content, size_t block_size);

#endif
