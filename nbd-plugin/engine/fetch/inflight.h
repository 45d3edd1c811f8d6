/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * An in-flight request: one extent, requested, arriving, and kept until each of its blocks
 * has been judged, which means that it has been compared with its hash and was stored or
 * thrown away.  A request whose transfer has ended may still hold blocks whose hash block
 * is missing.
 *
 *   blocks:  0 ≤ judged (in any order) ≤ hashed ≤ given ≤ arrived ≤ count
 *
 * The fetch thread owns it; between hash_thread_add and the end of inflight_hash, the hash
 * thread reads the given blocks and writes their digests.  Nothing blocks.
 */
#ifndef FARROOT_INFLIGHT_H
#define FARROOT_INFLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/request-class.h"
#include "engine/http/origins.h"
#include "engine/policy/block-scheduler.h"
#include "engine/verity/verity.h"

/* Buffers of requests that have ended, for the next ones.  A fast link needs a thousand
 * buffers a second, and memory from the kernel has to be zeroed each time.  A zeroed struct
 * is an empty pool.
 */
#define BUFFER_POOL 8

struct buffer_pool {
	struct { uint8_t *bytes; size_t size; } spare[BUFFER_POOL];
	unsigned next;			/* the spare to replace when all are used */
};

struct inflight {
	struct origin_request request;	/* first: the sink gets it back */
	struct inflight *next;
	enum request_class class;
	uint64_t start;			/* blocks */
	uint32_t count;
	uint32_t received;		/* bytes */
	uint32_t arrived;		/* blocks received whole */
	uint32_t given;			/* blocks, of those: handed to a thread that hashes */
	_Atomic uint32_t hashed;	/* blocks, of those: have a digest */
	uint32_t judged;		/* blocks stored or rejected */
	uint32_t first_open;		/* all blocks before it are judged */
	bool ended;
	enum fault fault;
	uint64_t *done;			/* a bit per block: judged */
	struct buffer_pool *pool;
	size_t size;			/* bytes allocated for the blocks */
	uint8_t *bytes;			/* count blocks, zeroed beyond the end */
	uint8_t *digests;		/* VERITY_DIGEST_SIZE bytes per block */
	struct inflight *next_to_hash;	/* for hash-thread.c */
	bool is_queued;			/* for hash-thread.c */
};

/* A request for an extent of an image of size_bytes (0: not known), to be freed with
 * inflight_free; NULL: out of memory.  pool must outlive it, and may be NULL.
 */
struct inflight *inflight_new(struct buffer_pool *pool, const struct extent *extent,
			      enum request_class class, uint64_t size_bytes);
/* NULL is allowed. */
void inflight_free(struct inflight *inflight);
void buffer_pool_free(struct buffer_pool *pool);

/* Copies the next count bytes of the body, at most what is left of the request. */
void inflight_receive(struct inflight *inflight, const uint8_t *bytes, size_t count);

/* Makes the digests of the blocks before block end, and then sets hashed to end; the
 * request is not used after that.  One thread at a time.  verity NULL: makes no digests.
 */
void inflight_hash(struct inflight *inflight, const struct verity *verity, uint32_t end);

/* The in-flight request of an origin request for blocks. */
static inline struct inflight *inflight_of(struct origin_request *request)
{
	return (struct inflight *)request;
}

/* Whether blocks are with the hash thread. */
static inline bool inflight_is_given(const struct inflight *inflight)
{
	return inflight->given > atomic_load_explicit(&inflight->hashed, memory_order_acquire);
}

/* The bytes of block i of the request. */
static inline uint8_t *inflight_block(struct inflight *inflight, uint32_t i)
{
	return inflight->bytes + (size_t)i * STORE_BLOCK;
}

static inline const uint8_t *inflight_digest(const struct inflight *inflight, uint32_t i)
{
	return inflight->digests + (size_t)i * VERITY_DIGEST_SIZE;
}

static inline bool inflight_is_judged(const struct inflight *inflight, uint32_t i)
{
	return inflight->done[i / 64] >> (i % 64) & 1;
}

static inline void inflight_judge(struct inflight *inflight, uint32_t i)
{
	inflight->done[i / 64] |= 1ULL << (i % 64);
	inflight->judged++;
	while (inflight->first_open < inflight->count && inflight_is_judged(inflight, inflight->first_open))
		inflight->first_open++;
}

#endif
