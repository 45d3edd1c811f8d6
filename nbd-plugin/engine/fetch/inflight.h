/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * One extent on its way: asked for, arriving, and kept until each of its blocks
 * has been judged.  A job whose transfer has ended may still hold blocks whose
 * hash block is not here yet.
 *
 *   blocks:  0 ≤ judged (not in order) ≤ hashed ≤ given ≤ arrived ≤ count
 */
#ifndef FARROOT_INFLIGHT_H
#define FARROOT_INFLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/http/origins.h"
#include "engine/policy/block-scheduler.h"
#include "engine/verity/verity.h"

/* In the order of precedence; the first is what opening.c asks for and judges.  Those from CLASS_READAHEAD on are background: nobody
 * waits for them yet.
 */
enum request_class {
	CLASS_BOOTSTRAP, CLASS_HASH, CLASS_DEMAND, CLASS_READAHEAD, CLASS_PROFILE, CLASS_FILL, REQUEST_CLASSES
};

/* Buffers of jobs that have ended, for those to come: on a fast link a thousand a
 * second, and given back to the kernel each would be zeroed again.  All zero at
 * first.
 */
#define BUFFER_POOL 8

struct buffer_pool {
	struct { uint8_t *bytes; size_t size; } spare[BUFFER_POOL];
	unsigned next;			/* whose place is taken when all are */
};

struct inflight {
	struct origin_request request;	/* first: the sink gets it back */
	struct inflight *next;
	enum request_class class;
	uint64_t start;			/* blocks */
	uint32_t count;
	uint32_t received;		/* bytes */
	uint32_t arrived;		/* whole blocks among them */
	uint32_t given;			/* of those: hashed, or with the hasher */
	_Atomic uint32_t hashed;	/* of those: have a digest */
	uint32_t judged;		/* blocks stored or rejected */
	uint32_t first_open;		/* before it all are judged */
	bool ended;
	enum fault fault;
	uint64_t *done;			/* a bit per block: judged */
	struct buffer_pool *pool;
	size_t size;			/* of what bytes points to */
	uint8_t *bytes;			/* count blocks, zeroed beyond the end */
	uint8_t *digests;		/* VERITY_DIGEST_SIZE bytes per block */
	struct inflight *next_to_hash;	/* the hasher's */
	bool is_queued;			/* the hasher's */
};

/* An extent of an image of size_bytes; NULL when out of memory.  pool has to outlive
 * it, and may be NULL.  One thread for all jobs of a pool.
 */
struct inflight *inflight_new(struct buffer_pool *pool, const struct extent *extent, enum request_class class,
		    uint64_t size_bytes);
/* NULL is no job. */
void inflight_free(struct inflight *inflight);
void buffer_pool_free(struct buffer_pool *pool);

/* The next bytes of the body. */
void inflight_receive(struct inflight *inflight, const uint8_t *bytes, size_t count);

/* Makes the digests up to block end; hashed says so when all are there, and after
 * that the job is not touched.  One thread at a time.  verity NULL: none are made.
 */
void inflight_hash(struct inflight *inflight, const struct verity *verity, uint32_t end);

/* The one whose request this is, which is not one for a profile. */
static inline struct inflight *inflight_of(struct origin_request *request)
{
	return (struct inflight *)request;
}

/* Whether the hash thread has blocks of it. */
static inline bool inflight_is_given(const struct inflight *inflight)
{
	return inflight->given > atomic_load_explicit(&inflight->hashed, memory_order_acquire);
}

/* The bytes of its block number i. */
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
