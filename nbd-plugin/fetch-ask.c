/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What is asked for: the plan's next extents, as many as there are connections.
 */
#include "config.h"

#include "clock.h"
#include "fetch-state.h"

#define REQUEST_MIN_BLOCKS 16	/* 64 KiB */
#define REQUEST_MAX_BLOCKS 256	/* 1 MiB */
#define FILL_MIN_BLOCKS 4	/* 16 KiB, for the slowest links */

unsigned fetch_active_count(const struct fetch *f)
{
	unsigned i, n = 0;

	for (i = 0; i < JOB_CLASSES; i++)
		n += f->active[i];
	return n;
}

/* Blocks that the link carries in so many milliseconds. */
static uint32_t blocks_per(const struct fetch *f, unsigned ms, uint32_t least)
{
	uint64_t blocks = f->rate.bytes_per_s * ms / 1000 / STORE_BLOCK;

	if (blocks < least)
		return least;
	return blocks < REQUEST_MAX_BLOCKS ? (uint32_t)blocks : REQUEST_MAX_BLOCKS;
}

static void need_hashes_of(struct fetch *f, const struct extent *e)
{
	uint64_t block, parent;

	/* All blocks of one parent lie within FANOUT blocks of each other. */
	for (block = e->start; block < e->start + e->count; block += VERITY_FANOUT)
		if (tree_lacks_parent(f->tree, block, &parent))
			fetch_need_hash(f, parent);
	block = e->start + e->count - 1;
	if (tree_lacks_parent(f->tree, block, &parent))
		fetch_need_hash(f, parent);
}

static bool ask_for(struct fetch *f, const struct extent *e, enum job_class class)
{
	struct job *job = job_new(e, class, f->size_bytes);

	if (!job || origins_start(f->origins, &job->request)) {
		if (job)
			job_free(job);
		plan_release(&f->plan, e->start, e->count);
		if (class == JOB_HASH)
			plan_need_hash(&f->plan, e->start);
		return false;
	}
	job->next = f->jobs;
	f->jobs = job;
	f->job_count++;
	f->active[class]++;
	need_hashes_of(f, e);
	return true;
}

static bool may_fill(const struct fetch *f, uint32_t blocks)
{
	unsigned slots = f->options->http.connections;

	return f->fill && !f->plan.first && store_has_room(f->store, blocks) &&
	       f->active[JOB_FILL] < (slots > 1 ? slots - 1 : 1);
}

/* The next thing to ask for, by class; false when there is none. */
static bool next_extent(struct fetch *f, uint64_t now, struct extent *e, enum job_class *class)
{
	uint32_t demand = blocks_per(f, 500, REQUEST_MIN_BLOCKS);
	uint32_t fill = blocks_per(f, 250, f->rate.bytes_per_s ? FILL_MIN_BLOCKS :
				   REQUEST_MIN_BLOCKS);
	/* Blocks that wait for a hash block take memory: not without end. */
	bool room = f->job_count < 3 * f->options->http.connections + 4;

	*class = JOB_HASH;
	if (plan_next_hash(&f->plan, now, demand / 8, e))
		return true;
	*class = JOB_DEMAND;
	if (room && plan_next_demand(&f->plan, now, demand, e))
		return true;
	*class = JOB_FILL;
	return room && may_fill(f, fill) && plan_next_fill(&f->plan, now, fill, e);
}

void fetch_ask_for_more(struct fetch *f)
{
	enum job_class class;
	struct extent e;

	while (fetch_active_count(f) < f->options->http.connections &&
	       !origins_wait_ms(f->origins) &&
	       next_extent(f, clock_ms(), &e, &class))
		if (!ask_for(f, &e, class))
			return;
}
