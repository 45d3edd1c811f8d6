/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A cache of verified hash blocks in front of the store.  With it a check needs no read of
 * the store, and a hash block that the store has evicted need not be fetched again.
 *
 * The fetch thread only.  Functions may read the store, and so block for its disk.
 */
#ifndef FARROOT_HASH_CACHE_H
#define FARROOT_HASH_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/store/store.h"
#include "engine/verity/disk-check.h"
#include "engine/verity/verity.h"

struct hash_cache;

enum verdict {
	VERDICT_GOOD,
	VERDICT_BAD,
	VERDICT_UNKNOWN	/* the parent hash block is absent: *needed is its number */
};

/* verity and store must outlive the cache.  verity NULL means verify=none: every block is
 * good.  Returns 0 or -ENOMEM.
 */
int hash_cache_new(const struct verity *verity, struct store *store, struct hash_cache **out);
/* NULL is fine. */
void hash_cache_free(struct hash_cache *cache);

/* Verifies a block.  bytes is a whole block; a short last block is padded with zeroes.
 * Sets *needed only for VERDICT_UNKNOWN.
 */
enum verdict hash_cache_check(struct hash_cache *cache, uint64_t block,
			     const uint8_t bytes[VERITY_BLOCK_SIZE], uint64_t *needed);

/* The same for the digest of a block, which must not be the superblock. */
enum verdict hash_cache_check_digest(struct hash_cache *cache, uint64_t block,
				    const uint8_t digest[VERITY_DIGEST_SIZE], uint64_t *needed);

/* Returns the digest that a block must have, until the next call of any function of the cache; NULL,
 * and *needed, as VERDICT_UNKNOWN does.  There must be a verity, and block must be a data block.
 */
const uint8_t *hash_cache_digest(struct hash_cache *cache, uint64_t block, uint64_t *needed);

/* If block is the superblock, writes the canonical superblock to bytes and returns true.
 * The superblock is made here, not fetched, because no hash covers part of it.
 */
bool hash_cache_fill_superblock(const struct hash_cache *cache, uint64_t block, uint8_t bytes[VERITY_BLOCK_SIZE]);

/* Hash blocks that are kept in the store are verified by check when they are read from there, and
 * check learns each one that has verified.  check must outlive the cache.
 */
void hash_cache_set_check(struct hash_cache *cache, struct disk_check *check);

/* Returns whether block is a hash block. */
bool hash_cache_is_hash_block(const struct hash_cache *cache, uint64_t block);

/* Copies a hash block that has verified into the cache. */
void hash_cache_put(struct hash_cache *cache, uint64_t block, const uint8_t bytes[VERITY_BLOCK_SIZE]);

/* The block is not what it should be where it is kept. */
void hash_cache_forget(struct hash_cache *cache, uint64_t block);

/* Whether a hash block was put since the last call: then blocks whose verdict was
 * VERDICT_UNKNOWN are worth another check.
 */
bool hash_cache_has_grown(struct hash_cache *cache);

/* Returns the number of the hash block that verifies block; VERITY_ROOT if the root hash
 * does, for the superblock, and with verify=none.
 */
uint64_t hash_cache_parent(const struct hash_cache *cache, uint64_t block);

/* Returns true, and the number in *needed, if the hash block that verifies block is absent;
 * false if it is present or if none is necessary.
 */
bool hash_cache_misses_parent(struct hash_cache *cache, uint64_t block, uint64_t *needed);

#endif
