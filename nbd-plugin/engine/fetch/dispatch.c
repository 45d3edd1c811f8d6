/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"
#include "engine/fetch/dispatch.h"
#include "engine/fetch/earlier-image.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/memory-watch.h"
#include "engine/fetch/prefetch-hints.h"
#include "engine/fetch/revalidation.h"
#include "engine/policy/data-quota.h"
#include "engine/policy/token-bucket.h"

/* Hash blocks that lie beside the one that is needed, unless a profile names them:
 * they cover 4 MiB.
 */
#define HASH_BLOCKS 8
/* What all in-flight requests may hold: 8 MiB; where the round trip is short, 4 MiB,
 * which is enough there and stays in the processor's cache.
 */
#define INFLIGHT_MAX_BLOCKS 2048
#define INFLIGHT_NEAR_BLOCKS 1024
#define NEAR_MS 50
/* A boot has ended when no new block was read for this time, */
#define QUIET_MS 5000
/* and is taken for ended after this time. */
#define UNREST_MAX_MS 300000

/* Milliseconds between two looks for a suspect that is due. */
#define SUSPECT_DUE_MS 50

struct dispatch {
	struct token_bucket bucket;
	struct data_quota quota;
	bool link_failed;
};

int dispatch_init(struct fetch *f)
{
	f->dispatch = calloc(1, sizeof *f->dispatch);
	if (!f->dispatch)
		return -ENOMEM;
	token_bucket_init(&f->dispatch->bucket, f->options->rate_bytes_per_s, clock_ms());
	data_quota_init(&f->dispatch->quota, f->options);
	return 0;
}

void dispatch_free(struct fetch *f)
{
	free(f->dispatch);
}

void dispatch_observe(struct fetch *f, const struct origins_state *origins)
{
	cwnd_update(&f->cwnd, clock_ms(), origins->fetched_bytes,
		    inflight_set_due_bytes(&f->inflight), origins->rtt_ms, origins->delay_ms);
	if (f->dispatch->link_failed && !origins->link_failed)
		cwnd_restart(&f->cwnd);
	f->dispatch->link_failed = origins->link_failed;
}

/* Blocks that wait for a hash block, or to be hashed, take memory: not without end. */
static bool has_memory(const struct fetch *f)
{
	uint32_t most = f->cwnd.rtt_ms < NEAR_MS ? INFLIGHT_NEAR_BLOCKS : INFLIGHT_MAX_BLOCKS;

	return inflight_set_blocks(&f->inflight) < most &&
	       f->inflight.count < 3 * f->options->http.connections + 4;
}

static void need_hashes_of(struct fetch *f, const struct extent *e)
{
	uint64_t block, parent;

	/* All blocks of one parent lie within FANOUT blocks of each other. */
	for (block = e->start; block < e->start + e->count; block += VERITY_FANOUT)
		if (hash_cache_misses_parent(f->hash_cache, block, &parent))
			revalidation_need_hash(f, parent);
	block = e->start + e->count - 1;
	if (hash_cache_misses_parent(f->hash_cache, block, &parent))
		revalidation_need_hash(f, parent);
}

/* Returns whether the request was sent. */
static bool send_request(struct fetch *f, const struct extent *e, enum request_class class)
{
	struct inflight *inflight = inflight_new(&f->inflight.buffers, e, class, f->size_bytes);

	if (!inflight || origins_start(f->origins, &inflight->request)) {
		inflight_free(inflight);
		scheduler_release_unanswered(&f->scheduler, e->start, e->count, clock_ms());
		if (class == CLASS_HASH)
			scheduler_add_hash(&f->scheduler, e->start);
		return false;
	}
	inflight_set_add(&f->inflight, inflight);
	token_bucket_take(&f->dispatch->bucket, inflight->request.length);
	need_hashes_of(f, e);
	return true;
}

/* One request is always left for a demand that may come.  An origin that takes fewer requests
 * gets larger ones: else its few small requests would look like a slow link.
 */
static unsigned background_slots(const struct fetch *f)
{
	unsigned slots = f->options->http.connections;

	return origins_request_limit(f->origins, slots > 1 ? slots - 1 : 1);
}

void dispatch_connect_ahead(struct fetch *f)
{
	origins_open_ahead(f->origins, cwnd_background_requests(&f->cwnd, background_slots(f)));
}

static bool may_send_background(const struct fetch *f)
{
	return inflight_set_active_background(&f->inflight) <
			cwnd_background_requests(&f->cwnd, background_slots(f)) &&
	       inflight_set_due_bytes(&f->inflight) < cwnd_bytes(&f->cwnd);
}

/* Whether a boot takes longer than fetching everything: then the fill does not wait
 * for the boot's end.
 */
static bool fills_beside_boot(const struct fetch *f)
{
	uint64_t left = (f->scheduler.blocks - store_present_blocks(f->store)) * STORE_BLOCK;

	return prefetch_hints_are_without_profile(f) && f->options->fill == FILL_DEFAULT &&
	       cwnd_is_far_but_fast(&f->cwnd, left);
}

/* Milliseconds until reads will have been calm for long enough to fill; 0: now. */
static uint64_t quiet_in_ms(const struct fetch *f)
{
	uint64_t last = trace_last_ms(f->trace), now = clock_ms(), quiet;

	quiet = (last > f->opened_ms ? last : f->opened_ms) + QUIET_MS;
	if (quiet > f->opened_ms + UNREST_MAX_MS)
		quiet = f->opened_ms + UNREST_MAX_MS;
	if (f->fills_now || now >= quiet)
		return 0;
	return quiet - now;
}

/* Whether reads wait for requests that were sent.  Reads that wait for suspects may wait for long, and
 * the fill does not wait with them.
 */
static bool is_serving_reads(const struct fetch *f)
{
	unsigned active = inflight_set_active(&f->inflight);

	if (!f->scheduler.first || !f->scheduler.suspects.count)
		return f->scheduler.first;
	/* Requests that have ended and are still here are being verified. */
	return active > inflight_set_active_background(&f->inflight) || f->inflight.count > active;
}

static bool may_fill(const struct fetch *f, uint32_t blocks)
{
	bool is_time = fills_beside_boot(f) || (!is_serving_reads(f) && !quiet_in_ms(f));

	return f->fills && is_time && store_has_room(f->store, blocks) && !memory_watch_holds(f) &&
	       !earlier_image_holds_fill(f);
}

/* Blocks of the next background request, as far as the quota goes. */
static uint32_t background_blocks(const struct fetch *f, bool is_fill)
{
	uint32_t bytes = token_bucket_request_bytes(&f->dispatch->bucket,
			cwnd_background_bytes(&f->cwnd, background_slots(f)));
	uint64_t left = data_quota_left_bytes(&f->dispatch->quota,
			origins_fetched_bytes(f->origins) + inflight_set_due_bytes(&f->inflight),
			is_fill);

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
	/* What the profile lists goes first. */
	if (f->scheduler.is_cut_short)
		return false;
	*class = CLASS_FILL;
	blocks = background_blocks(f, true);
	return blocks && may_fill(f, blocks) && scheduler_next_fill(&f->scheduler, now, blocks, e);
}

/* The next extent to request, by class; false: there is none. */
static bool next_extent(struct fetch *f, uint64_t now, struct extent *e, enum request_class *class)
{
	uint32_t demand = token_bucket_request_bytes(&f->dispatch->bucket, cwnd_demand_bytes(&f->cwnd));
	bool room = has_memory(f), is_probe = origins_probe_corrupt(f->origins);

	*class = CLASS_HASH;
	if (scheduler_next_hash(&f->scheduler, now, is_probe ? 1 : HASH_BLOCKS, e))
		return true;
	*class = CLASS_DEMAND;
	if (room && scheduler_next_demand(&f->scheduler, now, is_probe ? 1 : demand / STORE_BLOCK, e))
		return true;
	return room && !is_probe && may_send_background(f) && next_background(f, now, e, class);
}

/* With hash-tree=, data and tree are in different files: a request is for one of them. */
static void keep_to_one_file(struct fetch *f, struct extent *e)
{
	uint64_t data_blocks = f->verity.data_blocks, end = e->start + e->count;

	if (!f->options->hash_tree || e->start >= data_blocks || end <= data_blocks)
		return;
	scheduler_release(&f->scheduler, data_blocks, end - data_blocks);
	e->count = (uint32_t)(data_blocks - e->start);
}

static bool has_free_connection(const struct fetch *f)
{
	return inflight_set_active(&f->inflight) < f->options->http.connections;
}

bool dispatch_requests(struct fetch *f)
{
	enum request_class class;
	struct extent e;

	f->scheduler.is_cut_short = false;
	while (has_free_connection(f) && !origins_wait_ms(f->origins) &&
	       !token_bucket_wait_ms(&f->dispatch->bucket, clock_ms()) &&
	       next_extent(f, clock_ms(), &e, &class)) {
		keep_to_one_file(f, &e);
		if (!send_request(f, &e, class))
			return false;
	}
	return f->scheduler.is_cut_short;
}

uint64_t dispatch_quota_left_bytes(const struct fetch *f)
{
	return data_quota_left_bytes(&f->dispatch->quota, origins_fetched_bytes(f->origins), true);
}

void dispatch_fill_now(struct fetch *f)
{
	if ((f->fills && f->fills_now) || store_capacity_bytes(f->store) < f->size_bytes)
		return;
	f->fills = f->fills_now = true;
	revalidation_restart(f);
	log_say(f->log, LOG_NOTE, "the whole image is asked for: the fill begins now");
}

bool dispatch_may_fill_on(const struct fetch *f)
{
	return f->fills && store_has_room(f->store, 1) && dispatch_quota_left_bytes(f) &&
	       !memory_watch_holds(f);
}

bool dispatch_has_work(const struct fetch *f)
{
	const struct block_scheduler *s = &f->scheduler;

	return s->first || s->hash_count || s->prefetch_count || s->readahead_count ||
	       s->expected_left || f->inflight.count ||
	       (!f->is_materialized && dispatch_may_fill_on(f));
}

/* Waits of 0 do not count: then something else is in the way. */
static void sooner(uint64_t *ms, uint64_t other)
{
	if (other && other < *ms)
		*ms = other;
}

uint64_t dispatch_in_ms(struct fetch *f)
{
	uint64_t ms = UINT64_MAX, now = clock_ms(), suspect;

	/* The fill begins when reads have been calm for long enough. */
	if (f->fills && !f->is_materialized)
		sooner(&ms, quiet_in_ms(f));
	if (!dispatch_has_work(f) || !has_free_connection(f))
		return ms;
	sooner(&ms, origins_wait_ms(f->origins));
	sooner(&ms, token_bucket_wait_ms(&f->dispatch->bucket, now));
	suspect = scheduler_next_suspect_ms(&f->scheduler);
	if (suspect != UINT64_MAX)
		/* One that is due waits for its origin. */
		sooner(&ms, suspect > now ? suspect - now : SUSPECT_DUE_MS);
	return ms;
}
