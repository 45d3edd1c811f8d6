/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/verity/hash-cache.h"

/* 128 leaves speak for 64 MiB of data; half a megabyte of memory. */
#define SLOTS 128

struct slot {
	uint64_t block;		/* 0: empty; block 0 is never a hash block */
	uint8_t bytes[VERITY_BLOCK_SIZE];
};

struct tree {
	const struct verity *verity;
	struct store *store;
	struct slot slots[SLOTS];
};

int tree_new(const struct verity *verity, struct store *store, struct tree **out)
{
	struct tree *t = calloc(1, sizeof *t);

	if (!t)
		return -ENOMEM;
	t->verity = verity;
	t->store = store;
	*out = t;
	return 0;
}

void tree_free(struct tree *t)
{
	free(t);
}

bool tree_makes(const struct tree *t, uint64_t block, uint8_t bytes[VERITY_BLOCK_SIZE])
{
	if (!t->verity || block != t->verity->data_blocks)
		return false;
	verity_superblock_write(t->verity, bytes);
	return true;
}

bool tree_is_hash(const struct tree *t, uint64_t block)
{
	return t->verity && block > t->verity->data_blocks;
}

void tree_keep(struct tree *t, uint64_t block, const uint8_t bytes[VERITY_BLOCK_SIZE])
{
	struct slot *slot = &t->slots[block % SLOTS];

	memcpy(slot->bytes, bytes, VERITY_BLOCK_SIZE);
	slot->block = block;
}

/* The verified bytes of a hash block, or NULL. */
static const uint8_t *hash_block(struct tree *t, uint64_t block)
{
	struct slot *slot = &t->slots[block % SLOTS];

	if (slot->block == block)
		return slot->bytes;
	slot->block = 0;
	if (!store_has(t->store, block) ||
	    store_read(t->store, slot->bytes, block * VERITY_BLOCK_SIZE, VERITY_BLOCK_SIZE))
		return NULL;
	slot->block = block;
	return slot->bytes;
}

/* Whether what block is checked against is here: *parent, NULL for the top. */
static bool find_parent(struct tree *t, uint64_t block, const uint8_t **parent, uint64_t *needed)
{
	uint64_t number;
	unsigned index;

	*parent = NULL;
	number = verity_parent(t->verity, block, &index);
	if (number == VERITY_ROOT)
		return true;
	*parent = hash_block(t, number);
	if (!*parent)
		*needed = number;
	return *parent;
}

enum tree_verdict tree_check(struct tree *t, uint64_t block,
			     const uint8_t bytes[VERITY_BLOCK_SIZE], uint64_t *needed)
{
	const uint8_t *parent;

	if (!t->verity)
		return TREE_GOOD;
	if (!find_parent(t, block, &parent, needed))
		return TREE_UNKNOWN;
	return verity_check(t->verity, block, bytes, parent) ? TREE_GOOD : TREE_BAD;
}

enum tree_verdict tree_check_digest(struct tree *t, uint64_t block,
				    const uint8_t digest[VERITY_DIGEST_SIZE], uint64_t *needed)
{
	const uint8_t *parent;

	if (!t->verity)
		return TREE_GOOD;
	if (!find_parent(t, block, &parent, needed))
		return TREE_UNKNOWN;
	return verity_check_digest(t->verity, block, digest, parent) ? TREE_GOOD : TREE_BAD;
}

uint64_t tree_parent(const struct tree *t, uint64_t block)
{
	unsigned index;

	if (!t->verity || block == t->verity->data_blocks)
		return VERITY_ROOT;
	return verity_parent(t->verity, block, &index);
}

bool tree_lacks_parent(struct tree *t, uint64_t block, uint64_t *needed)
{
	unsigned index;

	if (!t->verity || block == t->verity->data_blocks)
		return false;
	*needed = verity_parent(t->verity, block, &index);
	return *needed != VERITY_ROOT && !hash_block(t, *needed);
}
