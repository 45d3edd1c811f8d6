/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/verity/hash-cache.h"

/* 128 leaf blocks cover 64 MiB of data, and take 0.5 MiB of memory. */
#define SLOTS 128

struct slot {
	uint64_t block;		/* 0: empty; block 0 is never a hash block */
	uint8_t bytes[VERITY_BLOCK_SIZE];
};

struct hash_cache {
	const struct verity *verity;
	struct store *store;
	struct disk_check *check;	/* NULL: none */
	bool has_grown;
	struct slot slots[SLOTS];
};

int hash_cache_new(const struct verity *verity, struct store *store, struct hash_cache **out)
{
	struct hash_cache *c = calloc(1, sizeof *c);

	if (!c)
		return -ENOMEM;
	c->verity = verity;
	c->store = store;
	*out = c;
	return 0;
}

void hash_cache_free(struct hash_cache *c)
{
	free(c);
}

bool hash_cache_fill_superblock(const struct hash_cache *c, uint64_t block, uint8_t bytes[VERITY_BLOCK_SIZE])
{
	if (!c->verity || block != c->verity->data_blocks)
		return false;
	verity_superblock_write(c->verity, bytes);
	return true;
}

bool hash_cache_is_hash_block(const struct hash_cache *c, uint64_t block)
{
	return c->verity && block > c->verity->data_blocks;
}

void hash_cache_set_check(struct hash_cache *c, struct disk_check *check)
{
	c->check = check;
}

void hash_cache_put(struct hash_cache *c, uint64_t block, const uint8_t bytes[VERITY_BLOCK_SIZE])
{
	struct slot *slot = &c->slots[block % SLOTS];

	if (c->check)
		disk_check_learn(c->check, block, bytes);
	memcpy(slot->bytes, bytes, VERITY_BLOCK_SIZE);
	slot->block = block;
	c->has_grown = true;
}

void hash_cache_forget(struct hash_cache *c, uint64_t block)
{
	struct slot *slot = &c->slots[block % SLOTS];

	if (slot->block == block)
		slot->block = 0;
}

bool hash_cache_has_grown(struct hash_cache *c)
{
	bool has_grown = c->has_grown;

	c->has_grown = false;
	return has_grown;
}

/* Returns the verified bytes of a hash block, or NULL if it is absent. */
static const uint8_t *hash_block(struct hash_cache *c, uint64_t block)
{
	struct slot *slot = &c->slots[block % SLOTS];

	if (slot->block == block)
		return slot->bytes;
	slot->block = 0;
	if (!store_has(c->store, block))
		return NULL;
	if (disk_check_read(c->check, c->store, slot->bytes, block * VERITY_BLOCK_SIZE, VERITY_BLOCK_SIZE)) {
		/* A bad disk: it is fetched again. */
		store_drop(c->store, block);
		return NULL;
	}
	slot->block = block;
	return slot->bytes;
}

/* Returns whether the parent of block is present, in *parent; NULL for the top block. */
static bool find_parent(struct hash_cache *c, uint64_t block, const uint8_t **parent, uint64_t *needed)
{
	uint64_t number;
	unsigned index;

	*parent = NULL;
	number = verity_parent(c->verity, block, &index);
	if (number == VERITY_ROOT)
		return true;
	*parent = hash_block(c, number);
	if (!*parent)
		*needed = number;
	return *parent;
}

enum verdict hash_cache_check(struct hash_cache *c, uint64_t block,
			     const uint8_t bytes[VERITY_BLOCK_SIZE], uint64_t *needed)
{
	const uint8_t *parent;

	if (!c->verity)
		return VERDICT_GOOD;
	if (!find_parent(c, block, &parent, needed))
		return VERDICT_UNKNOWN;
	return verity_check(c->verity, block, bytes, parent) ? VERDICT_GOOD : VERDICT_BAD;
}

enum verdict hash_cache_check_digest(struct hash_cache *c, uint64_t block,
				    const uint8_t digest[VERITY_DIGEST_SIZE], uint64_t *needed)
{
	const uint8_t *parent;

	if (!c->verity)
		return VERDICT_GOOD;
	if (!find_parent(c, block, &parent, needed))
		return VERDICT_UNKNOWN;
	return verity_check_digest(c->verity, block, digest, parent) ? VERDICT_GOOD : VERDICT_BAD;
}

const uint8_t *hash_cache_digest(struct hash_cache *c, uint64_t block, uint64_t *needed)
{
	const uint8_t *parent;
	unsigned index;

	if (!find_parent(c, block, &parent, needed))
		return NULL;
	verity_parent(c->verity, block, &index);
	return parent ? parent + (size_t)index * VERITY_DIGEST_SIZE : c->verity->root;
}

uint64_t hash_cache_parent(const struct hash_cache *c, uint64_t block)
{
	unsigned index;

	if (!c->verity || block == c->verity->data_blocks)
		return VERITY_ROOT;
	return verity_parent(c->verity, block, &index);
}

bool hash_cache_misses_parent(struct hash_cache *c, uint64_t block, uint64_t *needed)
{
	unsigned index;

	if (!c->verity || block == c->verity->data_blocks)
		return false;
	*needed = verity_parent(c->verity, block, &index);
	return *needed != VERITY_ROOT && !hash_block(c, *needed);
}
