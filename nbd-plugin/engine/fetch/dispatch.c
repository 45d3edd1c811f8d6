/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What is asked for: the plan's next extents, as many as there are connections,
 * and in the background no more than the pace allows.
 */
#include "config.h"

#include "common/clock.h"
#include "engine/fetch/fetch-internal.h"

/* Hash blocks that lie beside the one that is needed, unless a profile says which
 * are: speak for 4 MiB.
 */
#define HASH_BLOCKS 8
/* Requests under way and what has come of them: 8 MiB; 4 where the round trip is short,
 * which is enough there and stays in the processor's cache.
 */
#define JOBS_MAX_BLOCKS 2048
#define JOBS_NEAR_BLOCKS 1024
#define NEAR_MS 50
/* A boot has ended when nothing new was read for so long; or it never ends. */
#define QUIET_MS 5000
#define UNREST_MAX_MS 300000

unsigned fetch_active_count(const struct fetch *f)
{
	unsigned i, n = 0;

	for (i = 0; i < REQUEST_CLASSES; i++)
		n += f->active[i];
	return n;
}

/* Blocks that wait for a hash block, or to be hashed, take memory: not without end. */
static bool has_memory(const struct fetch *f)
{
	uint32_t most = f->cwnd.rtt_ms < NEAR_MS ? JOBS_NEAR_BLOCKS : JOBS_MAX_BLOCKS;
	const struct inflight *inflight;
	uint64_t blocks = 0;

	for (inflight = f->inflights; inflight; inflight = inflight->next)
		blocks += inflight->count;
	return blocks < most && f->inflight_count < 3 * f->options->http.connections + 4;
}

/* Bytes that were asked for and have not come yet. */
uint64_t fetch_due_bytes(const struct fetch *f)
{
	const struct inflight *inflight;
	uint64_t due = 0;

	for (inflight = f->inflights; inflight; inflight = inflight->next)
		if (!inflight->ended)
			due += inflight->request.length - inflight->received;
	return due;
}

static void need_hashes_of(struct fetch *f, const struct extent *e)
{
	uint64_t block, parent;

	/* All blocks of one parent lie within FANOUT blocks of each other. */
	for (block = e->start; block < e->start + e->count; block += VERITY_FANOUT)
		if (hash_cache_misses_parent(f->hash_cache, block, &parent))
			fetch_need_hash(f, parent);
	block = e->start + e->count - 1;
	if (hash_cache_misses_parent(f->hash_cache, block, &parent))
		fetch_need_hash(f, parent);
}

static bool ask_for(struct fetch *f, const struct extent *e, enum request_class class)
{
	struct inflight *inflight = inflight_new(&f->buffers, e, class, f->size_bytes);

	if (!inflight || origins_start(f->origins, &inflight->request)) {
		inflight_free(inflight);
		scheduler_release(&f->scheduler, e->start, e->count);
		if (class == CLASS_HASH)
			scheduler_add_hash(&f->scheduler, e->start);
		return false;
	}
	inflight->next = f->inflights;
	f->inflights = inflight;
	f->inflight_count++;
	f->active[class]++;
	token_bucket_take(&f->bucket, inflight->request.length);
	need_hashes_of(f, e);
	return true;
}

/* One request is always left for a demand that may come. */
static unsigned background_slots(const struct fetch *f)
{
	unsigned slots = f->options->http.connections;

	return slots > 1 ? slots - 1 : 1;
}

void fetch_connect_ahead(struct fetch *f)
{
	origins_open_ahead(f->origins, cwnd_background_requests(&f->cwnd, background_slots(f)));
}

static bool may_ask_background(const struct fetch *f)
{
	unsigned active = f->active[CLASS_READAHEAD] + f->active[CLASS_PROFILE] + f->active[CLASS_FILL];

	return active < cwnd_background_requests(&f->cwnd, background_slots(f)) &&
	       fetch_due_bytes(f) < cwnd_bytes(&f->cwnd);
}

/* Whether it takes a boot longer than to fetch everything: then the fill does not wait
 * for its end.
 */
static bool fills_beside_boot(const struct fetch *f)
{
	uint64_t left = (f->scheduler.blocks - store_present_blocks(f->store)) * STORE_BLOCK;
	bool has_none = f->hint.state == HINT_NONE || (f->hint.state == HINT_PLANNED && !f->has_profile);

	return has_none && f->options->fill == FILL_DEFAULT && cwnd_is_far_but_fast(&f->cwnd, left);
}

uint64_t fetch_quiet_in_ms(const struct fetch *f)
{
	uint64_t last = trace_last_ms(f->trace), now = clock_ms(), quiet;

	quiet = (last > f->opened_ms ? last : f->opened_ms) + QUIET_MS;
	if (quiet > f->opened_ms + UNREST_MAX_MS)
		quiet = f->opened_ms + UNREST_MAX_MS;
	if (f->options->fill == FILL_YES || now >= quiet)
		return 0;
	return quiet - now;
}

static bool may_fill(const struct fetch *f, uint32_t blocks)
{
	bool is_time = fills_beside_boot(f) || (!f->scheduler.first && !fetch_quiet_in_ms(f));

	return f->fill && is_time && store_has_room(f->store, blocks);
}

/* Blocks of the next background request, as far as the budget goes. */
static uint32_t background_blocks(const struct fetch *f, bool is_fill)
{
	uint32_t bytes = token_bucket_request_bytes(&f->bucket,
			cwnd_background_bytes(&f->cwnd, background_slots(f)));
	uint64_t left = data_quota_left_bytes(&f->quota,
			origins_fetched_bytes(f->origins) + fetch_due_bytes(f), is_fill);

	return (uint32_t)((left < bytes ? left : bytes) / STORE_BLOCK);
}

static bool next_background(struct fetch *f, uint64_t now, struct extent *e, enum request_class *class)
{
	uint32_t blocks = background_blocks(f, false);

	*class = CLASS_READAHEAD;
	if (blocks && scheduler_next_readahead(&f->scheduler, now, blocks, e))
		return true;
	*class = CLASS_PROFILE;
	if (blocks && store_has_room(f->store, blocks) &&
	    scheduler_next_expected(&f->scheduler, now, blocks, e))
		return true;
	*class = CLASS_FILL;
	blocks = background_blocks(f, true);
	return blocks && may_fill(f, blocks) && scheduler_next_fill(&f->scheduler, now, blocks, e);
}

/* The next thing to ask for, by class; false when there is none. */
static bool next_extent(struct fetch *f, uint64_t now, struct extent *e, enum request_class *class)
{
	bool room = has_memory(f);
	uint32_t demand = token_bucket_request_bytes(&f->bucket, cwnd_demand_bytes(&f->cwnd));

	*class = CLASS_HASH;
	if (scheduler_next_hash(&f->scheduler, now, HASH_BLOCKS, e))
		return true;
	*class = CLASS_DEMAND;
	if (room && scheduler_next_demand(&f->scheduler, now, demand / STORE_BLOCK, e))
		return true;
	return room && may_ask_background(f) && next_background(f, now, e, class);
}

void fetch_ask_for_more(struct fetch *f)
{
	enum request_class class;
	struct extent e;

	while (fetch_active_count(f) < f->options->http.connections &&
	       !origins_wait_ms(f->origins) && !token_bucket_wait_ms(&f->bucket, clock_ms()) &&
	       next_extent(f, clock_ms(), &e, &class))
		if (!ask_for(f, &e, class))
			return;
}
