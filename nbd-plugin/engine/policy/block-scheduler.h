/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What to ask for next.  Decisions only: no clock, no threads, no network.
 *
 * The order is: hash blocks that something waits for; what readers wait for, in
 * the order they came; what they said they will want (prefetch); where sequential
 * readers are going (readahead); what a profile says (expected); the rest of the
 * image (fill).  Neighbours are asked for together.
 */
#ifndef FARROOT_BLOCK_SCHEDULER_H
#define FARROOT_BLOCK_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/atomic-bitmap.h"
#include "engine/store/store.h"

#define PLAN_HASHES 64
#define PLAN_PREFETCHES 64
#define PLAN_SUSPECTS 64
#define PLAN_READAHEADS 16

/* Blocks that somebody waits for; owned by the caller, linked in while they do.
 * missing has a bit for each of them that has not come yet.
 */
struct want {
	struct want *next;
	uint64_t start;
	uint32_t count;
	uint64_t *missing;
};

struct extent {
	uint64_t start;
	uint32_t count;		/* blocks */
	bool suspect;		/* came corrupt before: bypass caches */
	int avoid;		/* the origin it came from, or -1 */
};

/* A block that came corrupt: alone, and not before its time. */
struct suspect {
	uint64_t block;
	uint64_t next_try_ms;
	unsigned times;		/* 0: slot is free */
	int origin;
};

struct range {
	uint64_t start, end;
};

struct plan {
	uint64_t blocks;	/* of the image */
	const struct store *store;	/* what is there already */
	struct bits wanted;	/* somebody waits for it, or did */
	struct bits busy;	/* asked for */
	struct want *first;
	struct want **last;
	uint64_t hashes[PLAN_HASHES];
	unsigned hash_count;
	struct range prefetches[PLAN_PREFETCHES];
	unsigned prefetch_count;
	struct range readaheads[PLAN_READAHEADS];
	unsigned readahead_count;
	struct range *expected;	/* in the order of need */
	size_t expected_count, expected_space, expected_at;
	struct bits is_expected;	/* and not here yet */
	uint64_t expected_left;	/* blocks */
	struct suspect suspects[PLAN_SUSPECTS];
	unsigned suspect_count;
	uint64_t fill_at;
};

/* store must have its size and outlive the plan.  Returns 0 or -errno. */
int plan_init(struct plan *plan, const struct store *store, uint64_t blocks);
void plan_free(struct plan *plan);

/* Queues what somebody waits for, at the end. */
void plan_add(struct plan *plan, struct want *want);
/* Takes it out again, satisfied or not. */
void plan_remove(struct plan *plan, struct want *want);

/* A hash block is needed.  Forgotten when the queue is full: whoever needs it
 * asks again.
 */
void plan_need_hash(struct plan *plan, uint64_t block);

/* Blocks that will be wanted; dropped when there are too many such wishes. */
void plan_prefetch(struct plan *plan, uint64_t start, uint64_t count);

/* Where a sequential reader is going; the oldest such wish makes room. */
void plan_readahead(struct plan *plan, uint64_t start, uint64_t count);

/* Blocks that will be needed, after those that were expected before.  What is
 * here, or was expected already, is left out.  Returns 0 or -ENOMEM.
 */
int plan_expect(struct plan *plan, uint64_t start, uint64_t count);

/* The next thing to ask for, of at most max_blocks; false when there is nothing
 * (at now_ms).  It counts as busy until plan_release.
 */
bool plan_next_hash(struct plan *plan, uint64_t now_ms, uint32_t max_blocks, struct extent *out);
bool plan_next_demand(struct plan *plan, uint64_t now_ms, uint32_t max_blocks, struct extent *out);
bool plan_next_readahead(struct plan *plan, uint64_t now_ms, uint32_t max_blocks, struct extent *out);
bool plan_next_expected(struct plan *plan, uint64_t now_ms, uint32_t max_blocks, struct extent *out);
bool plan_next_fill(struct plan *plan, uint64_t now_ms, uint32_t max_blocks, struct extent *out);

/* Somebody else has asked for these: they are busy until plan_release. */
void plan_take(struct plan *plan, uint64_t start, uint64_t count);

/* These blocks will not come from this request. */
void plan_release(struct plan *plan, uint64_t start, uint64_t count);
/* These have come, have verified and are in the store if that could take them. */
void plan_arrive(struct plan *plan, uint64_t start, uint64_t count);

/* This block came corrupt from origin: ask for it again alone, the first time at
 * once, then after 0.5 s doubling to rest_max_ms.
 */
void plan_suspect(struct plan *plan, uint64_t block, int origin, uint64_t now_ms,
		  uint64_t rest_max_ms);
/* This block has verified. */
void plan_acquit(struct plan *plan, uint64_t block);
/* When the next suspect may be asked for; UINT64_MAX if there is none. */
uint64_t plan_next_suspect_ms(const struct plan *plan);

#endif
