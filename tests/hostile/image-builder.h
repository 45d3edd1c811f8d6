/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A small random image in memory, with its hash tree.
 */
#ifndef FARROOT_TEST_IMAGE_BUILDER_H
#define FARROOT_TEST_IMAGE_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/format/seek-table.h"

struct built_image {
	uint8_t *bytes;
	uint64_t size_bytes;
	/* What clients read: bytes itself, or what is compressed in it. */
	uint8_t *content;
	uint64_t content_bytes;
	bool is_seekable;
	struct seek_table table;	/* if is_seekable */
	uint8_t roothash[32];
	uint64_t tree_block;	/* the first that data blocks are checked with; 0: no tree */
	uint64_t tree_blocks;	/* number of these */
};

/* pinned: the salt names the size, as with farroot pack; else the salt is random, as with
 * veritysetup.  Returns 0 or -errno.
 */
int image_build(struct built_image *image, uint64_t data_blocks, bool pinned, uint64_t seed);

/* Makes an image without a tree, of any size. */
int image_build_plain(struct built_image *image, uint64_t size_bytes, uint64_t seed);

/* Makes of its data a seekable file: frames of any size, also without bytes, with and without
 * checksums.  has_tree and pinned: as the image was made.  Returns 0 or -errno.
 */
int image_compress(struct built_image *image, bool has_tree, bool pinned, uint64_t seed);

/* The bytes of the image that a read of its content needs. */
void built_image_extent(const struct built_image *image, uint64_t count, uint64_t offset,
			uint64_t *image_count, uint64_t *image_offset);

void built_image_free(struct built_image *image);

#endif
