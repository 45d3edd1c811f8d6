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

/* In the order of precedence; the first is what opening.c asks for and judges.  Those from JOB_READAHEAD on are background: nobody
 * waits for them yet.
 */
enum job_class {
	JOB_OPENING, JOB_HASH, JOB_DEMAND, JOB_READAHEAD, JOB_PROFILE, JOB_FILL, JOB_CLASSES
};

/* Buffers of jobs that have ended, for those to come: on a fast link a thousand a
 * second, and given back to the kernel each would be zeroed again.  All zero at
 * first.
 */
#define JOB_POOL 8

struct job_pool {
	struct { uint8_t *bytes; size_t size; } spare[JOB_POOL];
	unsigned next;			/* whose place is taken when all are */
};

struct job {
	struct origin_request request;	/* first: the sink gets it back */
	struct job *next;
	enum job_class class;
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
	struct job_pool *pool;
	size_t size;			/* of what bytes points to */
	uint8_t *bytes;			/* count blocks, zeroed beyond the end */
	uint8_t *digests;		/* VERITY_DIGEST_SIZE bytes per block */
	struct job *next_to_hash;	/* the hasher's */
	bool is_queued;			/* the hasher's */
};

/* An extent of an image of size_bytes; NULL when out of memory.  pool has to outlive
 * it, and may be NULL.  One thread for all jobs of a pool.
 */
struct job *job_new(struct job_pool *pool, const struct extent *extent, enum job_class class,
		    uint64_t size_bytes);
/* NULL is no job. */
void job_free(struct job *job);
void job_pool_free(struct job_pool *pool);

/* The next bytes of the body. */
void job_receive(struct job *job, const uint8_t *bytes, size_t count);

/* Makes the digests up to block end; hashed says so when all are there, and after
 * that the job is not touched.  One thread at a time.  verity NULL: none are made.
 */
void job_hash(struct job *job, const struct verity *verity, uint32_t end);

/* Whether the hasher has blocks of it. */
static inline bool job_is_given(const struct job *job)
{
	return job->given > atomic_load_explicit(&job->hashed, memory_order_acquire);
}

static inline const uint8_t *job_digest(const struct job *job, uint32_t i)
{
	return job->digests + (size_t)i * VERITY_DIGEST_SIZE;
}

static inline bool job_is_judged(const struct job *job, uint32_t i)
{
	return job->done[i / 64] >> (i % 64) & 1;
}

static inline void job_judge(struct job *job, uint32_t i)
{
	job->done[i / 64] |= 1ULL << (i % 64);
	job->judged++;
	while (job->first_open < job->count && job_is_judged(job, job->first_open))
		job->first_open++;
}

#endif
