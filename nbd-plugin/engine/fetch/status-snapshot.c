/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "engine/fetch/completion.h"
#include "engine/fetch/dispatch.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/memory-watch.h"
#include "engine/fetch/prefetch-hints.h"
#include "engine/fetch/status-snapshot.h"
#include "engine/policy/outage-count.h"

/* Blocks are suspects for a moment after each bad byte: no state of the image. */
#define CORRUPT_STATE_MS 2000

struct status_snapshot {
	uint64_t outage_ms, corrupt_ms;	/* when it began, monotonic; 0: it is not */
	struct outage_count outages;
};

int status_snapshot_init(struct fetch *f)
{
	f->snapshot = calloc(1, sizeof *f->snapshot);
	return f->snapshot ? 0 : -ENOMEM;
}

void status_snapshot_free(struct fetch *f)
{
	free(f->snapshot);
}

static enum status_state state_of(const struct fetch *f, bool outage)
{
	if (f->is_materialized)
		return STATUS_MATERIALIZED;
	if (!f->is_open)
		return STATUS_OPENING;
	if (outage && dispatch_has_work(f))
		return STATUS_OUTAGE;
	if (f->snapshot->corrupt_ms && clock_ms() - f->snapshot->corrupt_ms >= CORRUPT_STATE_MS)
		return STATUS_CORRUPT;
	return dispatch_may_fill_on(f) ? STATUS_FILLING : STATUS_READY;
}

/* What the link has carried lately, as far as it may be used. */
static uint64_t usable_rate(const struct fetch *f)
{
	uint64_t limit = f->options->rate_bytes_per_s, link = f->cwnd.bytes_per_s;

	/* Requests that the limit keeps small may be too short to measure. */
	return limit && (!link || limit < link) ? limit : link;
}

static int64_t eta_s(const struct fetch *f)
{
	uint64_t left = (f->scheduler.blocks - store_present_blocks(f->store)) * STORE_BLOCK;

	if (f->is_materialized)
		return 0;
	if (!f->fills || memory_watch_holds(f) || !usable_rate(f) || store_capacity_bytes(f->store) < f->size_bytes ||
	    dispatch_quota_left_bytes(f) < left)
		return -1;
	return (int64_t)(left / usable_rate(f));
}

/* Why the fill does not go on; "" if it does, is done or is off. */
static void set_hold(const struct fetch *f, char *text, size_t size)
{
	if (!f->is_open || !f->fills || f->is_materialized)
		return;
	if (memory_watch_holds(f))
		memory_watch_reason(f, text, size);
	else if (!dispatch_quota_left_bytes(f))
		snprintf(text, size, "data quota (budget=): all of %" PRIu64 " MiB is used", f->options->budget_bytes >> 20);
	else if (!store_has_room(f->store, 1))
		snprintf(text, size, "cache: all of %" PRIu64 " MiB is used", store_capacity_bytes(f->store) >> 20);
}

static unsigned count_demands(const struct fetch *f)
{
	const struct demand *demand;
	unsigned count = 0;

	for (demand = f->scheduler.first; demand; demand = demand->next)
		count++;
	return count;
}

static void update_since(uint64_t *since_ms, bool is_so)
{
	if (!is_so)
		*since_ms = 0;
	else if (!*since_ms)
		*since_ms = clock_ms();
}

/* The Unix time of a monotonic time, by the clock of now: it may have been set since. */
static int64_t unix_time(uint64_t since_ms)
{
	return since_ms ? (int64_t)time(NULL) - (int64_t)((clock_ms() - since_ms) / 1000) : 0;
}

static void copy_counters(const struct fetch *f, const struct origins_state *origins, struct status *s)
{
	uint64_t others = origins->fetched_bytes;
	unsigned i;

	for (i = 0; i < REQUEST_CLASSES; i++) {
		s->fetched_by_class[i] = f->class_bytes[i];
		others -= f->class_bytes[i];
	}
	s->fetched_by_class[REQUEST_CLASSES] = others;
	memcpy(s->answers, origins->answers, sizeof s->answers);
	memcpy(s->faults, f->faults, sizeof s->faults);
	s->outages.count = f->snapshot->outages.outages;
	s->outages.seconds = f->snapshot->outages.total_ms / 1000;
}

void status_snapshot_update(struct fetch *f, const struct origins_state *origins)
{
	struct status_snapshot *snapshot = f->snapshot;
	struct status s;

	update_since(&snapshot->outage_ms, origins->outage);
	update_since(&snapshot->corrupt_ms, f->scheduler.suspects.count > 0);
	s = (struct status){
		.state = state_of(f, origins->outage),
		.fetched_bytes = origins->fetched_bytes,
		.wasted_bytes = completion_wasted_bytes(f) + origins->discarded_bytes,
		.requests = origins->requests,
		.rate_bytes_per_s = usable_rate(f),
		.budget_bytes = f->options->budget_bytes,
		.rtt_ms = origins->rtt_ms,
		.waiting = count_demands(f),
		.eta_s = -1,
		.corrupt_blocks = f->scheduler.suspects.count,
		.corrupt_since = unix_time(snapshot->corrupt_ms),
		.last_error_age_s = origins->last_error_age_s,
	};

	if (s.state == STATUS_OUTAGE || s.state == STATUS_OPENING)
		s.outage_since = unix_time(snapshot->outage_ms);
	outage_count_update(&snapshot->outages, origins->outage,
			    s.state == STATUS_OUTAGE || s.state == STATUS_OPENING, clock_ms());
	copy_counters(f, origins, &s);
	snprintf(s.origin, sizeof s.origin, "%s", origins->url);
	if (s.corrupt_blocks)
		snprintf(s.corrupt_origin, sizeof s.corrupt_origin, "%s", origins->corrupt_url);
	set_hold(f, s.hold, sizeof s.hold);
	snprintf(s.last_error, sizeof s.last_error, "%s", origins->last_error);
	if (s.budget_bytes)
		s.budget_left_bytes = dispatch_quota_left_bytes(f);
	if (f->is_open) {
		s.image_bytes = f->size_bytes;
		s.cache_bytes = store_capacity_bytes(f->store);
		s.ready_needs_bytes = f->scheduler.expected_left * STORE_BLOCK;
		s.is_ready = f->is_materialized || (!f->scheduler.expected_left &&
			     (prefetch_hints_have_profile(f) || prefetch_hints_are_without_profile(f)));
		s.eta_s = s.state == STATUS_OUTAGE || s.state == STATUS_CORRUPT ? -1 : eta_s(f);
	}
	inbox_set_status(f->inbox, &s);
}
