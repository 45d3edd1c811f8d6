/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Decides which extent is requested next.
 *
 * The order is: hash blocks that other blocks need; demand, in the order of arrival; NBD
 * cache requests (prefetch); readahead; the extents of a profile (expected); the rest of
 * the image (fill).  Neighbouring blocks are requested together.
 *
 * A block above which there is a suspect, a hash block that did not verify, is not requested:
 * nothing could verify it.  Instead the suspect is, when it is due.
 *
 * One thread: the fetch thread.  No clock, no I/O and no locks; nothing blocks.  Times are
 * monotonic milliseconds, numbers are blocks.
 */
#ifndef FARROOT_BLOCK_SCHEDULER_H
#define FARROOT_BLOCK_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/atomic-bitmap.h"
#include "engine/policy/suspects.h"
#include "engine/store/store.h"

#define SCHEDULER_HASHES 64
#define SCHEDULER_PREFETCHES 64
#define SCHEDULER_READAHEADS 16

/* The blocks of a pending read.  The caller owns the struct, which is in the queue from
 * scheduler_add_demand to scheduler_remove_demand.  missing has a bit for each block, set
 * while the block has not arrived.
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
	bool suspect;		/* did not verify before: bypass caches */
	int avoid;		/* the origin that sent the bad block, or -1 */
};

struct range {
	uint64_t start, end;
};

/* Returns the block that block is verified with, its parent; SCHEDULER_NO_PARENT: none. */
#define SCHEDULER_NO_PARENT UINT64_MAX
typedef uint64_t scheduler_parent_fn(const void *ctx, uint64_t block);

struct block_scheduler {
	uint64_t blocks;	/* number of blocks of the image */
	const struct store *store;	/* knows the present blocks */
	scheduler_parent_fn *parent;	/* NULL: no block has one */
	const void *parent_ctx;
	struct atomic_bitmap wanted;	/* a pending read needs or needed the block */
	struct atomic_bitmap busy;	/* requested */
	struct demand *first;
	struct demand **last;
	uint64_t hashes[SCHEDULER_HASHES];
	unsigned hash_count;
	struct range prefetches[SCHEDULER_PREFETCHES];
	unsigned prefetch_count;
	struct range readaheads[SCHEDULER_READAHEADS];
	unsigned readahead_count;
	struct range *expected;	/* in the order of the profile */
	size_t expected_count, expected_space, expected_at;
	struct atomic_bitmap is_expected;	/* in expected, and absent */
	uint64_t expected_left;	/* blocks */
	/* When a suspect before expected_at is due: the search begins again; UINT64_MAX: none is. */
	uint64_t waiting_until_ms;
	struct suspects suspects;
	uint64_t fill_at;	/* the next block that the fill looks at */
	uint64_t fill_left;	/* blocks to look at; 0: nothing has changed since the last look */
	uint64_t fill_due_ms;	/* when a suspect among those behind it is due; UINT64_MAX: none is */
	uint64_t fill_losses;	/* store_losses() at the last look */
	bool is_cut_short;	/* a search has ended early; only the caller clears it */
};

/* Makes a scheduler for an image of blocks blocks.  store must have its size, and must
 * outlive the scheduler.  Returns 0 or -errno.  Free it with scheduler_free in any case.
 */
int scheduler_init(struct block_scheduler *scheduler, const struct store *store, uint64_t blocks);
void scheduler_free(struct block_scheduler *scheduler);
/* How the scheduler finds a block's parent. */
void scheduler_set_parent(struct block_scheduler *scheduler, scheduler_parent_fn *parent, const void *ctx);

/* Appends the blocks of a pending read to the queue. */
void scheduler_add_demand(struct block_scheduler *scheduler, struct demand *demand);
/* Removes it from the queue, whether its blocks have arrived or not. */
void scheduler_remove_demand(struct block_scheduler *scheduler, struct demand *demand);

/* The blocks of all pending reads, malloc'ed; NULL: none, or out of memory.  A block that verifies may end
 * any pending read, which is on its reader's stack and gone then: look at this copy while you verify blocks.
 */
struct range *scheduler_copy_demands(const struct block_scheduler *scheduler, unsigned *count);

/* Queues a hash block.  Does nothing if the queue is full; the caller must repeat the call
 * while it needs the block.  Does nothing for a suspect that has failed again: it is
 * requested when a block below it is wanted, and when the fill comes to it.
 */
void scheduler_add_hash(struct block_scheduler *scheduler, uint64_t block);

/* Queues the blocks of an NBD cache request.  Does nothing if the queue is full. */
void scheduler_add_prefetch(struct block_scheduler *scheduler, uint64_t start, uint64_t count);

/* Queues a readahead window.  If the queue is full, its oldest entry is removed. */
void scheduler_add_readahead(struct block_scheduler *scheduler, uint64_t start, uint64_t count);

/* Appends prefetch hints: blocks that will be needed.  Blocks that are present or were
 * added before are skipped.  Returns 0 or -ENOMEM.
 */
int scheduler_add_expected(struct block_scheduler *scheduler, uint64_t start, uint64_t count);

/* Whether a block is expected and has not arrived. */
bool scheduler_is_expected(const struct block_scheduler *scheduler, uint64_t block);
/* Returns the first block at or after block that is neither present nor expected, or the
 * number of blocks.
 */
uint64_t scheduler_next_unexpected(const struct block_scheduler *scheduler, uint64_t block);

/* Each takes the next extent of its class, of at most max_blocks blocks, and marks it
 * busy until scheduler_release or scheduler_mark_present.  Returns false if there is
 * nothing to request at now_ms.
 *
 * Expected and fill look at a limited number of blocks in one call.  If there are more, they return
 * false and set is_cut_short: the caller serves reads, and calls again.  After a search that has
 * found nothing, none begins before a block may have become free to request.
 */
bool scheduler_next_hash(struct block_scheduler *scheduler, uint64_t now_ms, uint32_t max_blocks, struct extent *out);
bool scheduler_next_demand(struct block_scheduler *scheduler, uint64_t now_ms, uint32_t max_blocks, struct extent *out);
bool scheduler_next_readahead(struct block_scheduler *scheduler, uint64_t now_ms, uint32_t max_blocks, struct extent *out);
bool scheduler_next_expected(struct block_scheduler *scheduler, uint64_t now_ms, uint32_t max_blocks, struct extent *out);
bool scheduler_next_fill(struct block_scheduler *scheduler, uint64_t now_ms, uint32_t max_blocks, struct extent *out);

/* Marks blocks that the caller has requested itself busy, until scheduler_release. */
void scheduler_mark_busy(struct block_scheduler *scheduler, uint64_t start, uint64_t count);

/* These blocks will not arrive from their request. */
void scheduler_release(struct block_scheduler *scheduler, uint64_t start, uint64_t count);
/* The same for blocks for which no origin has answered. */
void scheduler_release_unanswered(struct block_scheduler *scheduler, uint64_t start, uint64_t count,
				  uint64_t now_ms);
/* These blocks have arrived and verified, and are in the store unless it could not keep
 * them.
 */
void scheduler_mark_present(struct block_scheduler *scheduler, uint64_t start, uint64_t count);

/* This block from origin did not verify; suspects.h says when it is requested again. */
void scheduler_add_suspect(struct block_scheduler *scheduler, uint64_t block, int origin, uint64_t now_ms);
/* This block has verified. */
void scheduler_clear_suspect(struct block_scheduler *scheduler, uint64_t block, uint64_t now_ms);
/* Whether a suspect above this block has failed again, so that it can take long until this block
 * can be verified.
 */
bool scheduler_is_below_failed(const struct block_scheduler *scheduler, uint64_t block);
/* Returns the time at which the next suspect may be requested; UINT64_MAX if there is
 * none.
 */
uint64_t scheduler_next_suspect_ms(struct block_scheduler *scheduler);

#endif
