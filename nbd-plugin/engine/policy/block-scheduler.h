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

#define SCHEDULER_HASHES 64
#define SCHEDULER_PREFETCHES 64
#define SCHEDULER_SUSPECTS 64
#define SCHEDULER_READAHEADS 16

/* Blocks that somebody waits for; owned by the caller, linked in while they do.
 * missing has a bit for each of them that has not come yet.
 */
struct demand {
	struct demand *next;
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

struct block_scheduler {
	uint64_t blocks;	/* of the image */
	const struct store *store;	/* what is there already */
	struct atomic_bitmap wanted;	/* somebody waits for it, or did */
	struct atomic_bitmap busy;	/* asked for */
	struct demand *first;
	struct demand **last;
	uint64_t hashes[SCHEDULER_HASHES];
	unsigned hash_count;
	struct range prefetches[SCHEDULER_PREFETCHES];
	unsigned prefetch_count;
	struct range readaheads[SCHEDULER_READAHEADS];
	unsigned readahead_count;
	struct range *expected;	/* in the order of need */
	size_t expected_count, expected_space, expected_at;
	struct atomic_bitmap is_expected;	/* and not here yet */
	uint64_t expected_left;	/* blocks */
	struct suspect suspects[SCHEDULER_SUSPECTS];
	unsigned suspect_count;
	uint64_t fill_at;
};

/* store must have its size and outlive the plan.  Returns 0 or -errno. */
int scheduler_init(struct block_scheduler *scheduler, const struct store *store, uint64_t blocks);
void scheduler_free(struct block_scheduler *scheduler);

/* Queues what somebody waits for, at the end. */
void scheduler_add_demand(struct block_scheduler *scheduler, struct demand *demand);
/* Takes it out again, satisfied or not. */
void scheduler_remove_demand(struct block_scheduler *scheduler, struct demand *demand);

/* A hash block is needed.  Forgotten when the queue is full: whoever needs it
 * asks again.
 */
void scheduler_add_hash(struct block_scheduler *scheduler, uint64_t block);

/* Blocks that will be wanted; dropped when there are too many such wishes. */
void scheduler_add_prefetch(struct block_scheduler *scheduler, uint64_t start, uint64_t count);

/* Where a sequential reader is going; the oldest such wish makes room. */
void scheduler_add_readahead(struct block_scheduler *scheduler, uint64_t start, uint64_t count);

/* Blocks that will be needed, after those that were expected before.  What is
 * here, or was expected already, is left out.  Returns 0 or -ENOMEM.
 */
int scheduler_add_expected(struct block_scheduler *scheduler, uint64_t start, uint64_t count);

/* The next thing to ask for, of at most max_blocks; false when there is nothing
 * (at now_ms).  It counts as busy until scheduler_release.
 */
bool scheduler_next_hash(struct block_scheduler *scheduler, uint64_t now_ms, uint32_t max_blocks, struct extent *out);
bool scheduler_next_demand(struct block_scheduler *scheduler, uint64_t now_ms, uint32_t max_blocks, struct extent *out);
bool scheduler_next_readahead(struct block_scheduler *scheduler, uint64_t now_ms, uint32_t max_blocks, struct extent *out);
bool scheduler_next_expected(struct block_scheduler *scheduler, uint64_t now_ms, uint32_t max_blocks, struct extent *out);
bool scheduler_next_fill(struct block_scheduler *scheduler, uint64_t now_ms, uint32_t max_blocks, struct extent *out);

/* Somebody else has asked for these: they are busy until scheduler_release. */
void scheduler_mark_busy(struct block_scheduler *scheduler, uint64_t start, uint64_t count);

/* These blocks will not come from this request. */
void scheduler_release(struct block_scheduler *scheduler, uint64_t start, uint64_t count);
/* These have come, have verified and are in the store if that could take them. */
void scheduler_mark_present(struct block_scheduler *scheduler, uint64_t start, uint64_t count);

/* This block came corrupt from origin: ask for it again alone, the first time at
 * once, then after 0.5 s doubling to rest_max_ms.
 */
void scheduler_add_suspect(struct block_scheduler *scheduler, uint64_t block, int origin, uint64_t now_ms,
		  uint64_t rest_max_ms);
/* This block has verified. */
void scheduler_clear_suspect(struct block_scheduler *scheduler, uint64_t block);
/* When the next suspect may be asked for; UINT64_MAX if there is none. */
uint64_t scheduler_next_suspect_ms(const struct block_scheduler *scheduler);

#endif
