/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "engine/fetch/completion.h"
#include "engine/fetch/delivery.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/hash-thread.h"
#include "engine/fetch/last-pass.h"
#include "engine/fetch/revalidation.h"

/* Number of blocks in each turn of the loop that the fetch thread hashes at once; the hash
 * thread gets the rest.  On a slow link, all blocks are hashed at once.
 */
#define HASH_HERE_BLOCKS 8

struct completion {
	struct hash_thread *hash_thread;	/* NULL: the fetch thread hashes all */
	_Atomic bool has_hashed;	/* the hash thread, since the last turn */
	uint32_t turn_blocks;		/* that came in this turn of the loop */
	bool has_rejected_hash;		/* what waits for it may have to be dropped */
	uint64_t wasted_bytes;
};

int completion_init(struct fetch *f)
{
	f->completion = calloc(1, sizeof *f->completion);
	return f->completion ? 0 : -ENOMEM;
}

void completion_free(struct fetch *f)
{
	if (f->completion)
		hash_thread_free(f->completion->hash_thread);
	free(f->completion);
}

/* Called by the hash thread. */
static void on_hashed(void *ctx)
{
	struct fetch *f = ctx;

	if (!atomic_exchange(&f->completion->has_hashed, true))
		origins_wake(f->origins);
}

void completion_start_hash_thread(struct fetch *f)
{
	/* Without a hash thread, the fetch thread hashes all blocks. */
	hash_thread_new(&f->verity, on_hashed, f, &f->completion->hash_thread);
}

uint64_t completion_wasted_bytes(const struct fetch *f)
{
	return f->completion->wasted_bytes;
}

void completion_add_wasted(struct fetch *f, uint64_t bytes)
{
	f->completion->wasted_bytes += bytes;
}

static void reject(struct fetch *f, struct inflight *inflight, uint32_t i)
{
	uint64_t block = inflight->start + i;
	char why[96];

	inflight_judge(inflight, i);
	completion_add_wasted(f, STORE_BLOCK);
	f->faults[FAULT_CORRUPT]++;
	snprintf(why, sizeof why, "block %" PRIu64 " does not verify", block);
	origins_blame(f->origins, inflight->request.origin, why);
	scheduler_release(&f->scheduler, block, 1);
	scheduler_add_suspect(&f->scheduler, block, inflight->request.origin, clock_ms());
	if (hash_cache_is_hash_block(f->hash_cache, block)) {
		f->completion->has_rejected_hash = true;
		revalidation_need_hash(f, block);
	}
}

/* What it is verified with is a suspect that has failed again.  Kept, such blocks would take the
 * memory of all others.
 */
static void drop(struct fetch *f, struct inflight *inflight, uint32_t i)
{
	inflight_judge(inflight, i);
	completion_add_wasted(f, STORE_BLOCK);
	scheduler_release_unanswered(&f->scheduler, inflight->start + i, 1, clock_ms());
}

/* A block arrived before the hash block that it needs. */
static void wait_for(struct fetch *f, struct inflight *inflight, uint32_t i, uint64_t needed)
{
	if (scheduler_is_below_failed(&f->scheduler, inflight->start + i))
		drop(f, inflight, i);
	else
		revalidation_need_hash(f, needed);
}

/* Hands the blocks that arrived to the hash thread.  Returns false if it gets none. */
static bool hash_elsewhere(struct fetch *f, struct inflight *inflight)
{
	struct completion *c = f->completion;
	uint32_t blocks = inflight->arrived - inflight->given;

	c->turn_blocks += blocks;
	if (!c->hash_thread || !blocks ||
	    (c->turn_blocks <= HASH_HERE_BLOCKS && !inflight_is_given(inflight)))
		return false;
	hash_thread_add(c->hash_thread, inflight);
	return true;
}

static void hash_here(struct fetch *f, struct inflight *inflight)
{
	if (inflight_is_given(inflight) || inflight->given == inflight->arrived)
		return;
	inflight->given = inflight->arrived;
	inflight_hash(inflight, f->options->verify_none ? NULL : &f->verity, inflight->arrived);
}

static enum verdict verdict_on(struct fetch *f, struct inflight *inflight, uint32_t i, uint64_t *needed)
{
	uint64_t block = inflight->start + i;

	*needed = UINT64_MAX;
	if (inflight_is_judged(inflight, i))
		return VERDICT_UNKNOWN;
	if (hash_cache_fill_superblock(f->hash_cache, block, inflight_block(inflight, i)))
		return VERDICT_GOOD;
	return hash_cache_check_digest(f->hash_cache, block, inflight_digest(inflight, i), needed);
}

/* Blocks [start, end) of the request have verified. */
static void publish(struct fetch *f, struct inflight *inflight, uint32_t start, uint32_t end)
{
	if (start == end)
		return;
	origins_credit(f->origins, inflight->request.origin, (uint64_t)(end - start) * STORE_BLOCK);
	delivery_publish(f, inflight->start + start, end - start, inflight_block(inflight, start));
	last_pass_note(f, inflight->start + start, end - start);
}

void completion_judge(struct fetch *f, struct inflight *inflight)
{
	uint32_t i = inflight->first_open, run = i, end;
	enum verdict verdict;
	uint64_t needed;

	hash_here(f, inflight);
	end = atomic_load_explicit(&inflight->hashed, memory_order_acquire);
	for (; i < end; i++) {
		verdict = verdict_on(f, inflight, i, &needed);
		if (verdict == VERDICT_GOOD) {
			inflight_judge(inflight, i);
			/* A hash block may be what the next block is checked with. */
			if (!hash_cache_is_hash_block(f->hash_cache, inflight->start + i))
				continue;
			publish(f, inflight, run, i + 1);
			run = i + 1;
			continue;
		}
		publish(f, inflight, run, i);
		run = i + 1;
		if (verdict == VERDICT_BAD)
			reject(f, inflight, i);
		else if (needed != UINT64_MAX)
			wait_for(f, inflight, i, needed);
	}
	publish(f, inflight, run, i);
}

void completion_receive(struct fetch *f, struct inflight *inflight, const uint8_t *bytes, size_t count)
{
	f->class_bytes[inflight->class] += count;
	inflight_receive(inflight, bytes, count);
	if (f->is_open && !hash_elsewhere(f, inflight))
		completion_judge(f, inflight);
}

void completion_end(struct fetch *f, struct inflight *inflight, enum fault fault)
{
	uint32_t i;

	if (fault)
		f->faults[fault]++;
	if (inflight->class == CLASS_BOOTSTRAP) {
		/* bootstrap.c looks at it. */
		inflight->ended = true;
		inflight->fault = fault;
		return;
	}
	inflight_set_end(&f->inflight, inflight, fault);
	if (!fault)
		return;
	completion_add_wasted(f, inflight->received - (uint64_t)inflight->arrived * STORE_BLOCK);
	scheduler_release_unanswered(&f->scheduler, inflight->start + inflight->arrived,
				     inflight->count - inflight->arrived, clock_ms());
	for (i = inflight->arrived; i < inflight->count; i++)
		inflight_judge(inflight, i);
}

static void judge_all(struct fetch *f)
{
	struct inflight *inflight;

	for (inflight = f->inflight.first; inflight; inflight = inflight->next)
		completion_judge(f, inflight);
}

/* A hash block whose request failed is asked for again, as long as there is a block
 * to check with it.
 */
static void renew_hashes(struct fetch *f)
{
	struct inflight *inflight;
	uint64_t parent;

	for (inflight = f->inflight.first; inflight; inflight = inflight->next)
		if (inflight->first_open < inflight->arrived &&
		    hash_cache_misses_parent(f->hash_cache, inflight->start + inflight->first_open, &parent))
			revalidation_need_hash(f, parent);
}

void completion_judge_waiting(struct fetch *f)
{
	struct completion *c = f->completion;
	bool has_news = atomic_exchange(&c->has_hashed, false) || c->has_rejected_hash;

	c->turn_blocks = 0;
	c->has_rejected_hash = false;
	if (has_news)
		judge_all(f);
	renew_hashes(f);
	while (hash_cache_has_grown(f->hash_cache))
		judge_all(f);
}
