/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Parses any bytes as a superblock.  The layout of an accepted superblock has parts inside
 * the image that do not overlap, each block has a parent, and the superblock is the same
 * after it was written and read again.
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "engine/verity/verity.h"

static void check_parents(const struct verity *v, uint64_t block)
{
	uint64_t parent;
	unsigned index, steps = 0;

	if (block >= v->total_blocks || block == v->data_blocks)
		return;
	do {
		parent = verity_parent(v, block, &index);
		REQUIRE(parent == VERITY_ROOT ||
			(parent > v->data_blocks && parent < v->total_blocks && index < VERITY_FANOUT));
		block = parent;
		REQUIRE(++steps <= VERITY_MAX_LEVELS + 1);
	} while (parent != VERITY_ROOT);
}

static void check_layout(const struct verity *v)
{
	uint64_t end = v->total_blocks;
	unsigned level;

	REQUIRE(v->levels <= VERITY_MAX_LEVELS);
	REQUIRE(verity_data_blocks(v->total_blocks) == v->data_blocks);
	/* The leaves are last. */
	for (level = 0; level < v->levels; level++) {
		REQUIRE(v->level_start[level] + v->level_blocks[level] == end);
		end = v->level_start[level];
	}
	REQUIRE(end == v->data_blocks + 1);
	check_parents(v, 0);
	check_parents(v, v->data_blocks - 1);
	check_parents(v, v->data_blocks + 1);
	check_parents(v, v->total_blocks - 1);
	check_parents(v, v->data_blocks / 2);
}

static void check_rewritten(const struct verity *v, const struct verity_superblock *sb)
{
	uint8_t block[VERITY_BLOCK_SIZE];
	struct verity_superblock again;
	const char *why;

	verity_superblock_write(v, block);
	REQUIRE(!verity_superblock_parse(block, sizeof block, &again, &why));
	REQUIRE(again.data_blocks == sb->data_blocks && again.salt_size == sb->salt_size);
	REQUIRE(!memcmp(again.salt, sb->salt, sb->salt_size));
	REQUIRE(verity_check(v, v->data_blocks, block, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint8_t root[VERITY_DIGEST_SIZE] = { 1 };
	struct verity_superblock sb;
	const char *why = NULL;
	struct verity v;

	if (verity_superblock_parse(bytes, size, &sb, &why)) {
		REQUIRE(why);
		return 0;
	}
	REQUIRE(sb.salt_size <= VERITY_SALT_MAX);
	if (verity_init(&v, sb.data_blocks, sb.salt, sb.salt_size, root))
		return 0;
	check_layout(&v);
	check_rewritten(&v, &sb);
	verity_free(&v);
	return 0;
}
