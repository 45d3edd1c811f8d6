/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What arrives: judged block by block, as far as the hash blocks here allow.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "engine/fetch/fetch-internal.h"

/* So many blocks of one turn of the loop are hashed here, at once: all of a slow
 * link's.  What comes faster goes to the hasher.
 */
#define HASH_HERE_BLOCKS 8

static void reject(struct fetch *f, struct inflight *inflight, uint32_t i)
{
	uint64_t block = inflight->start + i;
	char why[96];

	inflight_judge(inflight, i);
	f->wasted_bytes += STORE_BLOCK;
	snprintf(why, sizeof why, "block %" PRIu64 " does not verify", block);
	origins_blame(f->origins, inflight->request.origin, FAULT_CORRUPT, why);
	scheduler_release(&f->scheduler, block, 1);
	scheduler_add_suspect(&f->scheduler, block, inflight->request.origin, clock_ms(),
		     f->options->http.retry_max_ms);
	if (hash_cache_is_hash_block(f->hash_cache, block))
		fetch_need_hash(f, block);
}

/* Whether the hasher has what came of this job. */
static bool give(struct fetch *f, struct inflight *inflight)
{
	uint32_t blocks = inflight->arrived - inflight->given;

	f->turn_blocks += blocks;
	if (!f->hash_thread || !blocks ||
	    (f->turn_blocks <= HASH_HERE_BLOCKS && !inflight_is_given(inflight)))
		return false;
	hash_thread_add(f->hash_thread, inflight);
	return true;
}

static void hash_here(struct fetch *f, struct inflight *inflight)
{
	if (inflight_is_given(inflight) || inflight->given == inflight->arrived)
		return;
	inflight->given = inflight->arrived;
	inflight_hash(inflight, f->options->verify_none ? NULL : &f->verity, inflight->arrived);
}

/* Judges what has arrived of a job, as far as the hash blocks here allow. */
void fetch_settle(struct fetch *f, struct inflight *inflight)
{
	uint32_t i = inflight->first_open, run = i, end;
	enum verdict verdict;
	uint64_t needed;
	uint8_t *bytes;

	hash_here(f, inflight);
	end = atomic_load_explicit(&inflight->hashed, memory_order_acquire);
	for (; i < end; i++) {
		bytes = inflight->bytes + (size_t)i * STORE_BLOCK;
		needed = UINT64_MAX;
		if (inflight_is_judged(inflight, i))
			verdict = VERDICT_UNKNOWN;
		else if (hash_cache_fill_superblock(f->hash_cache, inflight->start + i, bytes))
			verdict = VERDICT_GOOD;
		else
			verdict = hash_cache_check_digest(f->hash_cache, inflight->start + i, inflight_digest(inflight, i), &needed);
		if (verdict == VERDICT_GOOD) {
			inflight_judge(inflight, i);
			/* The next block may be what this one is needed for. */
			if (!hash_cache_is_hash_block(f->hash_cache, inflight->start + i))
				continue;
			fetch_publish(f, inflight->start + run, i + 1 - run,
				inflight->bytes + (size_t)run * STORE_BLOCK);
			run = i + 1;
			continue;
		}
		if (i > run)
			fetch_publish(f, inflight->start + run, i - run,
				inflight->bytes + (size_t)run * STORE_BLOCK);
		run = i + 1;
		if (verdict == VERDICT_BAD)
			reject(f, inflight, i);
		else if (needed != UINT64_MAX)
			fetch_need_hash(f, needed);
	}
	if (i > run)
		fetch_publish(f, inflight->start + run, i - run,
			inflight->bytes + (size_t)run * STORE_BLOCK);
}

void fetch_on_bytes(void *ctx, struct origin_request *request,
		     const uint8_t *bytes, size_t count)
{
	struct fetch *f = ctx;
	struct inflight *inflight = (struct inflight *)request;

	if (request->is_profile) {
		fetch_hint_bytes(f, bytes, count);
		return;
	}
	inflight_receive(inflight, bytes, count);
	if (f->rooted && !give(f, inflight))
		fetch_settle(f, inflight);
}

void fetch_on_end(void *ctx, struct origin_request *request, enum fault fault)
{
	struct fetch *f = ctx;
	struct inflight *inflight = (struct inflight *)request;
	uint32_t i;

	if (request->is_profile) {
		fetch_hint_end(f, fault);
		return;
	}
	inflight->ended = true;
	inflight->fault = fault;
	if (inflight->class == CLASS_BOOTSTRAP)
		return;
	f->active[inflight->class]--;
	if (!fault)
		return;
	f->wasted_bytes += inflight->received - (uint64_t)inflight->arrived * STORE_BLOCK;
	scheduler_release(&f->scheduler, inflight->start + inflight->arrived, inflight->count - inflight->arrived);
	for (i = inflight->arrived; i < inflight->count; i++)
		inflight_judge(inflight, i);
}

/* A hash block whose fetch failed is asked for again for as long as there is
 * something to check with it.
 */
void fetch_renew_hashes(struct fetch *f)
{
	struct inflight *inflight;
	uint64_t parent;

	for (inflight = f->inflights; inflight; inflight = inflight->next)
		if (inflight->first_open < inflight->arrived &&
		    hash_cache_misses_parent(f->hash_cache, inflight->start + inflight->first_open, &parent))
			fetch_need_hash(f, parent);
}

void fetch_on_hashed(void *ctx)
{
	struct fetch *f = ctx;

	if (!atomic_exchange(&f->has_hashed, true))
		origins_wake(f->origins);
}

void fetch_settle_hashed(struct fetch *f)
{
	struct inflight *inflight;

	f->turn_blocks = 0;
	if (!atomic_exchange(&f->has_hashed, false))
		return;
	for (inflight = f->inflights; inflight; inflight = inflight->next)
		fetch_settle(f, inflight);
}

/* New hash blocks may have been what older jobs waited for. */
void fetch_settle_all(struct fetch *f)
{
	struct inflight *inflight;

	while (f->hash_cache_grew) {
		f->hash_cache_grew = false;
		for (inflight = f->inflights; inflight; inflight = inflight->next)
			fetch_settle(f, inflight);
	}
}

void fetch_reap(struct fetch *f)
{
	struct inflight **at = &f->inflights, *inflight;

	while ((inflight = *at)) {
		if (!inflight->ended || inflight->judged < inflight->count) {
			at = &inflight->next;
			continue;
		}
		*at = inflight->next;
		f->inflight_count--;
		inflight_free(inflight);
	}
}
