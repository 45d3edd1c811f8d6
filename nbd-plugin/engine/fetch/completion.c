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

static void reject(struct fetch *f, struct job *job, uint32_t i)
{
	uint64_t block = job->start + i;
	char why[96];

	job_judge(job, i);
	f->wasted_bytes += STORE_BLOCK;
	snprintf(why, sizeof why, "block %" PRIu64 " does not verify", block);
	origins_blame(f->origins, job->request.origin, FAULT_CORRUPT, why);
	plan_release(&f->plan, block, 1);
	plan_suspect(&f->plan, block, job->request.origin, clock_ms(),
		     f->options->http.retry_max_ms);
	if (tree_is_hash(f->tree, block))
		fetch_need_hash(f, block);
}

/* Whether the hasher has what came of this job. */
static bool give(struct fetch *f, struct job *job)
{
	uint32_t blocks = job->arrived - job->given;

	f->turn_blocks += blocks;
	if (!f->hasher || !blocks ||
	    (f->turn_blocks <= HASH_HERE_BLOCKS && !job_is_given(job)))
		return false;
	hasher_give(f->hasher, job);
	return true;
}

static void hash_here(struct fetch *f, struct job *job)
{
	if (job_is_given(job) || job->given == job->arrived)
		return;
	job->given = job->arrived;
	job_hash(job, f->options->verify_none ? NULL : &f->verity, job->arrived);
}

/* Judges what has arrived of a job, as far as the hash blocks here allow. */
void fetch_settle(struct fetch *f, struct job *job)
{
	uint32_t i = job->first_open, run = i, end;
	enum tree_verdict verdict;
	uint64_t needed;
	uint8_t *bytes;

	hash_here(f, job);
	end = atomic_load_explicit(&job->hashed, memory_order_acquire);
	for (; i < end; i++) {
		bytes = job->bytes + (size_t)i * STORE_BLOCK;
		needed = UINT64_MAX;
		if (job_is_judged(job, i))
			verdict = TREE_UNKNOWN;
		else if (tree_makes(f->tree, job->start + i, bytes))
			verdict = TREE_GOOD;
		else
			verdict = tree_check_digest(f->tree, job->start + i, job_digest(job, i), &needed);
		if (verdict == TREE_GOOD) {
			job_judge(job, i);
			/* The next block may be what this one is needed for. */
			if (!tree_is_hash(f->tree, job->start + i))
				continue;
			fetch_publish(f, job->start + run, i + 1 - run,
				job->bytes + (size_t)run * STORE_BLOCK);
			run = i + 1;
			continue;
		}
		if (i > run)
			fetch_publish(f, job->start + run, i - run,
				job->bytes + (size_t)run * STORE_BLOCK);
		run = i + 1;
		if (verdict == TREE_BAD)
			reject(f, job, i);
		else if (needed != UINT64_MAX)
			fetch_need_hash(f, needed);
	}
	if (i > run)
		fetch_publish(f, job->start + run, i - run,
			job->bytes + (size_t)run * STORE_BLOCK);
}

void fetch_on_bytes(void *ctx, struct origin_request *request,
		     const uint8_t *bytes, size_t count)
{
	struct fetch *f = ctx;
	struct job *job = (struct job *)request;

	if (request->is_profile) {
		fetch_hint_bytes(f, bytes, count);
		return;
	}
	job_receive(job, bytes, count);
	if (f->rooted && !give(f, job))
		fetch_settle(f, job);
}

void fetch_on_end(void *ctx, struct origin_request *request, enum fault fault)
{
	struct fetch *f = ctx;
	struct job *job = (struct job *)request;
	uint32_t i;

	if (request->is_profile) {
		fetch_hint_end(f, fault);
		return;
	}
	job->ended = true;
	job->fault = fault;
	if (job->class == JOB_OPENING)
		return;
	f->active[job->class]--;
	if (!fault)
		return;
	f->wasted_bytes += job->received - (uint64_t)job->arrived * STORE_BLOCK;
	plan_release(&f->plan, job->start + job->arrived, job->count - job->arrived);
	for (i = job->arrived; i < job->count; i++)
		job_judge(job, i);
}

/* A hash block whose fetch failed is asked for again for as long as there is
 * something to check with it.
 */
void fetch_renew_hashes(struct fetch *f)
{
	struct job *job;
	uint64_t parent;

	for (job = f->jobs; job; job = job->next)
		if (job->first_open < job->arrived &&
		    tree_lacks_parent(f->tree, job->start + job->first_open, &parent))
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
	struct job *job;

	f->turn_blocks = 0;
	if (!atomic_exchange(&f->has_hashed, false))
		return;
	for (job = f->jobs; job; job = job->next)
		fetch_settle(f, job);
}

/* New hash blocks may have been what older jobs waited for. */
void fetch_settle_all(struct fetch *f)
{
	struct job *job;

	while (f->tree_grew) {
		f->tree_grew = false;
		for (job = f->jobs; job; job = job->next)
			fetch_settle(f, job);
	}
}

void fetch_reap(struct fetch *f)
{
	struct job **at = &f->jobs, *job;

	while ((job = *at)) {
		if (!job->ended || job->judged < job->count) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		f->job_count--;
		job_free(job);
	}
}
