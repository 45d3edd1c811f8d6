/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What the files of a squashfs consist of, each content once, whatever it is called
 * and however often it is there: where it is, and where it is going to be.  For
 * squashfs-*.c alone.
 */
#ifndef FARROOT_CONTENTS_H
#define FARROOT_CONTENTS_H

#include <stdbool.h>

#include "squashfs/reader.h"

/* Some blocks, and behind them an end in a fragment block; or one of both. */
struct content {
	uint64_t bytes;
	uint64_t start, new_start;	/* of the blocks, in the image */
	const uint32_t *blocks;		/* their lengths, as in the inode */
	uint32_t *new_blocks;		/* room for one more */
	size_t count, new_count;
	uint32_t fragment, offset;	/* of the end; fragment may be SQUASHFS_NO_FRAGMENT */
	uint32_t new_fragment, new_offset;
	uint32_t inode_number;		/* of one that consists of it */
	bool blocks_written, end_written;
};

struct contents {
	struct content *list;		/* sorted by start, fragment and offset */
	size_t count;
	struct content **of_inode;	/* by number; NULL: not a regular file */
	struct contents_name *names;	/* sorted */
	size_t name_count, name_space;
};

/* Returns 0, -EINVAL (the image contradicts itself) or -ENOMEM.  Points into image;
 * free out with contents_free in any case.
 */
int contents_collect(const struct squashfs_reader *image, struct contents *out);
void contents_free(struct contents *contents);

/* Of the regular file with this path, or NULL. */
struct content *contents_find(const struct contents *contents, const char *path);

/* Unpacked, of a block, and of the end in the fragment block. */
size_t content_block_bytes(const struct content *content, size_t block, size_t block_size);
size_t content_end_bytes(const struct content *content, size_t block_size);

#endif
