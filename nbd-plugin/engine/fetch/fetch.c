/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The loop itself, how it starts, ends and tells how things stand.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "engine/fetch/fetch-internal.h"

#define IDLE_MS 60000
#define GATHER_MAX_MS 5
#define GATHER_MAX_BYTES (64U << 10)

/* Of what the fill may fetch; UINT64_MAX without a budget. */
static uint64_t quota_left(const struct fetch *f)
{
	return data_quota_left_bytes(&f->quota, origins_fetched_bytes(f->origins), true);
}

/* Whether anybody waits, or should be waiting, for an origin. */
static bool has_work(const struct fetch *f)
{
	return f->scheduler.first || f->scheduler.hash_count || f->scheduler.prefetch_count ||
	       f->scheduler.readahead_count || f->scheduler.expected_left || f->inflight_count ||
	       (f->fill && !f->materialized && store_has_room(f->store, 1) && quota_left(f));
}

static enum status_state state_of(const struct fetch *f, bool outage)
{
	if (f->materialized)
		return STATUS_MATERIALIZED;
	if (!f->rooted)
		return STATUS_OPENING;
	if (outage && has_work(f))
		return STATUS_OUTAGE;
	return f->fill && store_has_room(f->store, 1) && quota_left(f) ?
	       STATUS_FILLING : STATUS_READY;
}

/* What the link has done lately, as far as it may be used. */
static uint64_t rate(const struct fetch *f)
{
	uint64_t limit = f->bucket.bytes_per_s, link = f->cwnd.bytes_per_s;

	/* Requests that the limit keeps small may be too short to measure. */
	return limit && (!link || limit < link) ? limit : link;
}

static int64_t eta_s(const struct fetch *f)
{
	uint64_t left = (f->scheduler.blocks - store_present_blocks(f->store)) * STORE_BLOCK;

	if (f->materialized)
		return 0;
	if (!f->fill || !rate(f) || store_capacity_bytes(f->store) < f->size_bytes ||
	    quota_left(f) < left)
		return -1;
	return (int64_t)(left / rate(f));
}

void fetch_update_status(struct fetch *f)
{
	struct origins_state o;
	struct demand *want;
	struct status s = { .eta_s = -1 };

	origins_state(f->origins, &o);
	cwnd_update(&f->cwnd, clock_ms(), o.fetched_bytes, fetch_due_bytes(f), o.rtt_ms, o.delay_ms);
	if (!o.outage) {
		if (f->outage_since)
			cwnd_restart(&f->cwnd);
		f->outage_since = 0;
	} else if (!f->outage_since) {
		f->outage_since = (int64_t)time(NULL);
	}
	s.state = state_of(f, o.outage);
	s.outage_since = s.state == STATUS_OUTAGE || s.state == STATUS_OPENING ?
			 f->outage_since : 0;
	snprintf(s.origin, sizeof s.origin, "%s", o.url);
	snprintf(s.last_error, sizeof s.last_error, "%s", o.last_error);
	s.image_bytes = f->rooted ? f->size_bytes : 0;
	s.fetched_bytes = o.fetched_bytes;
	s.wasted_bytes = f->wasted_bytes;
	s.requests = o.requests;
	s.rate_bytes_per_s = rate(f);
	s.budget_bytes = f->quota.bytes;
	s.budget_left_bytes = s.budget_bytes ? quota_left(f) : 0;
	s.rtt_ms = o.rtt_ms;
	for (want = f->scheduler.first; want; want = want->next)
		s.waiting++;
	if (f->rooted) {
		s.cache_bytes = store_capacity_bytes(f->store);
		s.ready_needs_bytes = f->scheduler.expected_left * STORE_BLOCK;
		s.eta_s = eta_s(f);
	}
	pthread_mutex_lock(&f->lock);
	f->status = s;
	pthread_mutex_unlock(&f->lock);
}

static void check_materialized(struct fetch *f)
{
	if (f->materialized == (store_present_blocks(f->store) == f->scheduler.blocks))
		return;
	f->materialized = !f->materialized;
	if (f->materialized)
		log_say(f->log, LOG_NOTE, "all %" PRIu64 " bytes are here and %s: no origin is needed any more",
			f->size_bytes, f->options->verify_none ? "NOT verified" : "verified");
}

static void sooner(uint64_t *ms, uint64_t other)
{
	if (other < *ms)
		*ms = other;
}

/* How long the loop may sleep if no byte comes and nobody calls. */
static unsigned sleep_ms(struct fetch *f)
{
	uint64_t ms = IDLE_MS, now = clock_ms(), wait;

	/* The fill begins when it has been quiet for long enough. */
	wait = f->fill && !f->materialized ? fetch_quiet_in_ms(f) : 0;
	if (wait)
		ms = wait;
	sooner(&ms, fetch_hint_in_ms(f));
	if (has_work(f) && fetch_active_count(f) < f->options->http.connections) {
		wait = origins_wait_ms(f->origins);
		if (wait)
			sooner(&ms, wait);
		wait = token_bucket_wait_ms(&f->bucket, now);
		if (wait)
			sooner(&ms, wait);
		wait = scheduler_next_suspect_ms(&f->scheduler);
		if (wait != UINT64_MAX)
			sooner(&ms, wait > now ? wait - now : 1);
	}
	if (f->scheduler.first || f->inflight_count)
		sooner(&ms, PATIENCE_MS);
	return (unsigned)ms;
}

/* On a far and slow link a few packets at once cost a fraction of what they cost one
 * by one, and a few milliseconds are little beside a round trip.
 */
static void gather(const struct fetch *f)
{
	unsigned ms = f->cwnd.rtt_ms / (f->scheduler.first ? 32 : 8);
	struct timespec pause;

	if (ms > GATHER_MAX_MS)
		ms = GATHER_MAX_MS;
	if (!ms || !fetch_active_count(f) || !f->cwnd.bytes_per_s ||
	    f->cwnd.bytes_per_s * ms / 1000 > GATHER_MAX_BYTES)
		return;
	pause = (struct timespec){ .tv_nsec = ms * 1000000L };
	nanosleep(&pause, NULL);
}

static void run(struct fetch *f)
{
	bool more;

	while (!f->stop) {
		fetch_take_inbox(f);
		fetch_believe_what_is_wanted(f);
		more = fetch_believe_some(f);
		fetch_settle_hashed(f);
		fetch_renew_hashes(f);
		fetch_settle_all(f);
		fetch_dismiss(f);
		fetch_reap(f);
		fetch_hint_step(f);
		fetch_read_ahead(f);
		fetch_ask_for_more(f);
		check_materialized(f);
		fetch_update_status(f);
		fetch_connect_ahead(f);
		if (!more)
			gather(f);
		origins_poll(f->origins, more ? 0 : sleep_ms(f));
	}
	fetch_dismiss(f);
}

/* Start and end */

static void *fetch_thread(void *ctx)
{
	struct fetch *f = ctx;
	int err = fetch_open(f);

	pthread_mutex_lock(&f->lock);
	f->opened = !err;
	if (err)
		f->stop = true;
	pthread_cond_broadcast(&f->opened_wake);
	pthread_mutex_unlock(&f->lock);
	if (!err)
		run(f);
	fetch_fail_inbox(f);
	return NULL;
}

/* A size= that no image can have would be waited for in vain. */
static int check_size(const struct fetch *f)
{
	uint64_t size = f->options->size_bytes;

	if (f->options->verify_none || !size || verity_data_blocks(size / VERITY_BLOCK_SIZE))
		return 0;
	log_say(f->log, LOG_WARN, "size=%" PRIu64 ": no image with a hash tree has that size; farroot pack prints it",
		size);
	return -EINVAL;
}

int fetch_new(const struct options *options, const struct log *log, struct fetch **out)
{
	struct fetch *f = calloc(1, sizeof *f);
	struct origin_sink sink = { .bytes = fetch_on_bytes, .end = fetch_on_end, .ctx = f };
	pthread_condattr_t attr;
	int err;

	if (!f)
		return -ENOMEM;
	f->options = options;
	f->log = log;
	f->inbox_last = &f->inbox;
	f->scheduler.last = &f->scheduler.first;
	f->status.eta_s = -1;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->opened_wake, &attr);
	pthread_condattr_destroy(&attr);
	err = check_size(f);
	if (!err)
		err = store_new(options->store_path, log, &f->store);
	if (!err)
		err = origins_new(options, log, &sink, &f->origins);
	if (!err)
		err = fetch_hint_init(f);
	if (err) {
		fetch_free(f);
		return err;
	}
	if (options->verify_none)
		log_say(log, LOG_WARN, "verify=none: NOTHING IS VERIFIED; whoever controls the link or the origin controls this machine");
	*out = f;
	return 0;
}

int fetch_start(struct fetch *f)
{
	sigset_t all, before;
	int err;

	f->progress_ms = clock_ms();
	token_bucket_init(&f->bucket, f->options->rate_bytes_per_s, clock_ms());
	data_quota_init(&f->quota, f->options);
	/* Signals are the front end's business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&f->thread, NULL, fetch_thread, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	f->started = !err;
	return -err;
}

void fetch_free(struct fetch *f)
{
	struct inflight *inflight;

	if (!f)
		return;
	if (f->started) {
		f->stop = true;
		origins_wake(f->origins);
		pthread_join(f->thread, NULL);
	}
	hash_thread_free(f->hash_thread);
	origins_free(f->origins);
	while ((inflight = f->inflights)) {
		f->inflights = inflight->next;
		inflight_free(inflight);
	}
	buffer_pool_free(&f->buffers);
	scheduler_free(&f->scheduler);
	trace_free(f->trace);
	fetch_hint_free(f);
	hash_cache_free(f->hash_cache);
	verity_free(&f->verity);
	store_free(f->store);
	pthread_cond_destroy(&f->opened_wake);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

bool fetch_is_open(struct fetch *f)
{
	bool opened;

	pthread_mutex_lock(&f->lock);
	opened = f->opened;
	pthread_mutex_unlock(&f->lock);
	return opened;
}

uint64_t fetch_size(const struct fetch *f)
{
	return f->size_bytes;
}

struct store *fetch_store(const struct fetch *f)
{
	return f->store;
}

struct access_trace *fetch_trace(const struct fetch *f)
{
	return f->trace;
}
