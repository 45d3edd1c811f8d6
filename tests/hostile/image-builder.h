/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A small random image in memory, with its hash tree.
 */
#ifndef FARROOT_TEST_IMAGE_BUILDER_H
#define FARROOT_TEST_IMAGE_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

struct built_image {
	uint8_t *bytes;
	uint64_t size_bytes;
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

void built_image_free(struct built_image *image);

#endif
