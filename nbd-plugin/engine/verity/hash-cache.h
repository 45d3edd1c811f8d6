/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Verified hash blocks at hand: what a block is checked against.  A small cache
 * in front of the store, so that a check costs no read and an evicted hash block
 * no fetch.  The fetch thread only.
 */
#ifndef FARROOT_HASH_CACHE_H
#define FARROOT_HASH_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/store/store.h"
#include "engine/verity/verity.h"

struct hash_cache;

enum verdict {
	VERDICT_GOOD,
	VERDICT_BAD,
	VERDICT_UNKNOWN	/* the parent is not here: *needed says which block it is */
};

/* verity NULL: verify=none, everything is good. */
int hash_cache_new(const struct verity *verity, struct store *store, struct hash_cache **out);
void hash_cache_free(struct hash_cache *cache);

/* bytes: a whole block, the tail of a short last one zeroed. */
enum verdict hash_cache_check(struct hash_cache *cache, uint64_t block,
			     const uint8_t bytes[VERITY_BLOCK_SIZE], uint64_t *needed);

/* The same for a block with this digest, which is not the superblock. */
enum verdict hash_cache_check_digest(struct hash_cache *cache, uint64_t block,
				    const uint8_t digest[VERITY_DIGEST_SIZE], uint64_t *needed);

/* The superblock is made here, not fetched: part of it is covered by no hash.
 * Whether block is it; then bytes are replaced by the right ones.
 */
bool hash_cache_fill_superblock(const struct hash_cache *cache, uint64_t block, uint8_t bytes[VERITY_BLOCK_SIZE]);

/* Whether block is a block of hashes. */
bool hash_cache_is_hash_block(const struct hash_cache *cache, uint64_t block);

/* Keeps a hash block that hash_cache_check found good. */
void hash_cache_put(struct hash_cache *cache, uint64_t block, const uint8_t bytes[VERITY_BLOCK_SIZE]);

/* Whether a hash block was put since the last call: then blocks whose verdict was
 * VERDICT_UNKNOWN are worth another check.
 */
bool hash_cache_has_grown(struct hash_cache *cache);

/* The hash block that block is checked against; VERITY_ROOT if there is none. */
uint64_t hash_cache_parent(const struct hash_cache *cache, uint64_t block);

/* The hash block that block is checked against, if it is not here; false when
 * it is, or none is needed.
 */
bool hash_cache_misses_parent(struct hash_cache *cache, uint64_t block, uint64_t *needed);

#endif
