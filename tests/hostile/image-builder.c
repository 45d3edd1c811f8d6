/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image-builder.h"
#include "prng.h"
#include "engine/verity/verity.h"

/* Random bytes, with some blocks of zeroes and some repeated blocks, where holes and stale
 * copies are hard to detect.
 */
static void fill_data(uint8_t *bytes, uint64_t size_bytes, uint64_t seed)
{
	struct prng r = prng_of(seed, 1);
	uint64_t at, length, i, word;

	for (at = 0; at < size_bytes; at += length) {
		length = size_bytes - at < VERITY_BLOCK_SIZE ? size_bytes - at : VERITY_BLOCK_SIZE;
		if (prng_percent(&r, 5))
			continue;
		if (at && prng_percent(&r, 5)) {
			memcpy(bytes + at, bytes + prng_below(&r, at / VERITY_BLOCK_SIZE) *
			       VERITY_BLOCK_SIZE, length);
			continue;
		}
		for (i = 0; i < length; i += sizeof word) {
			word = prng_next(&r);
			memcpy(bytes + at + i, &word,
			       length - i < sizeof word ? length - i : sizeof word);
		}
	}
}

static int build_level(const struct verity *v, uint8_t *bytes, unsigned level)
{
	uint64_t below = level ? v->level_start[level - 1] : 0;
	uint64_t count = level ? v->level_blocks[level - 1] : v->data_blocks;
	uint8_t *out = bytes + v->level_start[level] * VERITY_BLOCK_SIZE;
	uint64_t i;
	int err = 0;

	for (i = 0; i < count && !err; i++)
		err = verity_digest(v, bytes + (below + i) * VERITY_BLOCK_SIZE,
				    out + i * VERITY_DIGEST_SIZE);
	return err;
}

static int build_tree(struct verity *v, struct built_image *image)
{
	unsigned level;
	uint64_t top;
	int err = 0;

	for (level = 0; level < v->levels && !err; level++)
		err = build_level(v, image->bytes, level);
	top = v->levels ? v->level_start[v->levels - 1] : 0;
	if (!err)
		err = verity_digest(v, image->bytes + top * VERITY_BLOCK_SIZE, v->root);
	if (err)
		return err;
	memcpy(image->roothash, v->root, sizeof image->roothash);
	verity_superblock_write(v, image->bytes + v->data_blocks * VERITY_BLOCK_SIZE);
	return 0;
}

int image_build(struct built_image *image, uint64_t data_blocks, bool pinned, uint64_t seed)
{
	uint8_t salt[32] = { 0 };
	size_t salt_size = VERITY_PACK_SALT_SIZE;
	struct prng r = prng_of(seed, 2);
	struct verity v;
	int err;

	if (pinned) {
		verity_pack_salt(data_blocks, salt);
	} else {
		for (salt_size = 0; salt_size < sizeof salt; salt_size++)
			salt[salt_size] = (uint8_t)prng_next(&r);
	}
	err = verity_init(&v, data_blocks, salt, salt_size, NULL);
	if (err)
		return err;
	image->size_bytes = v.total_blocks * VERITY_BLOCK_SIZE;
	image->bytes = calloc(1, image->size_bytes);
	if (!image->bytes) {
		verity_free(&v);
		return -ENOMEM;
	}
	fill_data(image->bytes, data_blocks * VERITY_BLOCK_SIZE, seed);
	err = build_tree(&v, image);
	image->tree_block = v.levels ? v.level_start[0] : 0;
	image->tree_blocks = v.levels ? v.level_blocks[0] : 0;
	verity_free(&v);
	if (err)
		built_image_free(image);
	return err;
}

int image_build_plain(struct built_image *image, uint64_t size_bytes, uint64_t seed)
{
	memset(image, 0, sizeof *image);
	image->size_bytes = size_bytes;
	image->bytes = calloc(1, size_bytes);
	if (!image->bytes)
		return -ENOMEM;
	fill_data(image->bytes, size_bytes, seed);
	return 0;
}

void built_image_free(struct built_image *image)
{
	free(image->bytes);
	image->bytes = NULL;
}
