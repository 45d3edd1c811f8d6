/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The loop itself, how it starts and how it ends.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "engine/fetch/admission.h"
#include "engine/fetch/bootstrap.h"
#include "engine/fetch/completion.h"
#include "engine/fetch/dispatch.h"
#include "engine/fetch/earlier-image.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/fetch.h"
#include "engine/fetch/last-pass.h"
#include "engine/fetch/memory-watch.h"
#include "engine/fetch/prefetch-hints.h"
#include "engine/fetch/readahead-feed.h"
#include "engine/fetch/revalidation.h"
#include "engine/fetch/status-snapshot.h"

/* The loop never sleeps longer. */
#define IDLE_MS 60000
/* While reads wait: how often admission_dismiss looks at them. */
#define DISMISS_MS 250
#define GATHER_MAX_MS 5
#define GATHER_MAX_BYTES (64U << 10)

struct fetch_thread {
	struct fetch fetch;	/* first */
	pthread_t thread;
	bool is_started;
	bool was_materialized;		/* and that was logged */
	void (*on_failure)(void *ctx);	/* NULL: none */
	void *ctx;
};

/* The origins' sink */

static void on_bytes(void *ctx, struct origin_request *request, const uint8_t *bytes, size_t count)
{
	struct fetch *f = ctx;

	if (request->is_profile)
		prefetch_hints_receive(f, bytes, count);
	else
		completion_receive(f, inflight_of(request), bytes, count);
}

static void on_end(void *ctx, struct origin_request *request, enum fault fault)
{
	struct fetch *f = ctx;

	if (request->is_profile)
		prefetch_hints_end(f, fault);
	else
		completion_end(f, inflight_of(request), fault);
}

/* The loop */

static void check_materialized(struct fetch *f)
{
	struct fetch_thread *t = (struct fetch_thread *)f;

	if (f->is_materialized == (store_present_blocks(f->store) == f->scheduler.blocks && last_pass_is_done(f)))
		return;
	f->is_materialized = !f->is_materialized;
	/* A disk that loses blocks makes this happen again and again. */
	if (f->is_materialized)
		log_say(f->log, t->was_materialized ? LOG_DETAIL : LOG_NOTE,
			"all %" PRIu64 " bytes are here and %s: no origin is needed any more",
			f->size_bytes, f->options->verify_none ? "NOT verified" : "verified");
	t->was_materialized |= f->is_materialized;
}

static void sooner(uint64_t *ms, uint64_t other)
{
	if (other < *ms)
		*ms = other;
}

/* How long the loop may sleep if no byte comes and no other thread wakes it. */
static unsigned sleep_ms(struct fetch *f)
{
	uint64_t ms = IDLE_MS;

	if (!f->is_open)
		return (unsigned)bootstrap_in_ms(f);
	sooner(&ms, dispatch_in_ms(f));
	sooner(&ms, prefetch_hints_in_ms(f));
	sooner(&ms, last_pass_in_ms(f));
	sooner(&ms, memory_watch_in_ms(f));
	if (f->scheduler.first || f->inflight.count)
		sooner(&ms, DISMISS_MS);
	return (unsigned)ms;
}

/* Sleeps until a few packets have come.  On a slow link with a long round trip, several
 * packets at once cost a fraction of the processor time, and a few milliseconds are
 * short beside the round trip.
 */
static void gather(const struct fetch *f)
{
	unsigned ms = f->cwnd.rtt_ms / (f->scheduler.first ? 32 : 8);
	struct timespec pause;

	if (ms > GATHER_MAX_MS)
		ms = GATHER_MAX_MS;
	if (!ms || !inflight_set_active(&f->inflight) || !f->cwnd.bytes_per_s ||
	    f->cwnd.bytes_per_s * ms / 1000 > GATHER_MAX_BYTES)
		return;
	pause = (struct timespec){ .tv_nsec = ms * 1000000L };
	nanosleep(&pause, NULL);
}

/* One turn with an open image.  Returns whether there is more to do at once. */
static bool work(struct fetch *f)
{
	bool more;

	admission_take(f);
	revalidation_check_demands(f);
	more = revalidation_check_some(f);
	completion_judge_waiting(f);
	admission_dismiss(f);
	inflight_set_reap(&f->inflight);
	prefetch_hints_step(f);
	readahead_feed_step(f);
	memory_watch_step(f);
	more |= earlier_image_step(f);
	more |= dispatch_requests(f);
	more |= last_pass_step(f);
	check_materialized(f);
	inbox_want_nudges(f->inbox, !f->is_materialized && !prefetch_hints_have_profile(f));
	return more;
}

static void observe(struct fetch *f)
{
	struct origins_state origins;

	origins_state(f->origins, &origins);
	dispatch_observe(f, &origins);
	status_snapshot_update(f, &origins);
	dispatch_connect_ahead(f);
}

static uint64_t data_bytes(const struct fetch *f)
{
	uint64_t blocks = f->options->verify_none ?
			  verity_data_blocks(f->size_bytes / VERITY_BLOCK_SIZE) : f->verity.data_blocks;

	return blocks ? blocks * VERITY_BLOCK_SIZE : f->size_bytes;
}

/* One turn while the image is not open.  Returns 0 or -errno. */
static int open_step(struct fetch *f)
{
	int err = bootstrap_step(f);

	if (!err && f->is_open) {
		observe(f);
		inbox_open(f->inbox, &(struct open_image){
			.size_bytes = f->size_bytes, .data_bytes = data_bytes(f), .store = f->store,
			.check = f->disk_check, .trace = f->trace });
	}
	return err;
}

/* Returns 0 when it was stopped, or -errno. */
static int run(struct fetch *f)
{
	bool more;
	int err;

	while (!inbox_is_stopped(f->inbox)) {
		err = f->is_open ? 0 : open_step(f);
		if (err)
			return err;
		more = f->is_open && work(f);
		observe(f);
		if (!more)
			gather(f);
		origins_poll(f->origins, more ? 0 : sleep_ms(f));
	}
	return 0;
}

/* Start and end */

static void *fetch_main(void *ctx)
{
	struct fetch *f = ctx;
	const struct fetch_thread *t = ctx;
	int err = run(f);

	if (err) {
		log_say(f->log, LOG_WARN, "the image cannot be opened: %s", strerror(-err));
		inbox_stop(f->inbox);
	}
	admission_dismiss_all(f);
	if (err && t->on_failure)
		t->on_failure(t->ctx);
	return NULL;
}

/* No image can have some values of size=: the open would never end. */
static int check_size(const struct options *options, const struct log *log)
{
	uint64_t size = options->size_bytes;

	if (options->verify_none || !size)
		return 0;
	if (options->hash_tree ? size >= 2 * VERITY_BLOCK_SIZE : verity_data_blocks(size / VERITY_BLOCK_SIZE) > 0)
		return 0;
	log_say(log, LOG_WARN, "size=%" PRIu64 ": no image with a hash tree has that size; farroot pack prints it",
		size);
	return -EINVAL;
}

static void wake(void *ctx)
{
	struct fetch *f = ctx;

	origins_wake(f->origins);
}

static int init_parts(struct fetch *f)
{
	struct origin_sink sink = { .bytes = on_bytes, .end = on_end, .ctx = f };
	int err = store_new(f->options->store_path, f->log, &f->store);

	if (!err)
		err = origins_new(f->options, f->log, &sink, &f->origins);
	if (!err)
		err = inbox_new(f->options->outage_ms, wake, f, &f->inbox);
	if (!err)
		err = bootstrap_init(f);
	if (!err)
		err = completion_init(f);
	if (!err)
		err = dispatch_init(f);
	if (!err)
		err = earlier_image_init(f);
	if (!err)
		err = memory_watch_init(f);
	if (!err)
		err = prefetch_hints_init(f);
	if (!err)
		err = last_pass_init(f);
	if (!err)
		err = readahead_feed_init(f);
	if (!err)
		err = revalidation_init(f);
	return err ? err : status_snapshot_init(f);
}

int fetch_new(const struct options *options, const struct log *log, struct fetch **out)
{
	struct fetch_thread *t;
	int err = check_size(options, log);

	if (err)
		return err;
	t = calloc(1, sizeof *t);
	if (!t)
		return -ENOMEM;
	t->fetch.options = options;
	t->fetch.log = log;
	t->fetch.scheduler.last = &t->fetch.scheduler.first;
	err = init_parts(&t->fetch);
	if (err) {
		fetch_free(&t->fetch);
		return err;
	}
	if (options->verify_none)
		log_say(log, LOG_WARN, "verify=none: NOTHING IS VERIFIED; the link and the origin can change every byte that this machine runs");
	*out = &t->fetch;
	return 0;
}

int fetch_start(struct fetch *f, void (*on_failure)(void *ctx), void *ctx)
{
	struct fetch_thread *t = (struct fetch_thread *)f;
	sigset_t all, before;
	int err;

	f->progress_ms = clock_ms();
	t->on_failure = on_failure;
	t->ctx = ctx;
	/* The front end handles signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&t->thread, NULL, fetch_main, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	t->is_started = !err;
	return -err;
}

void fetch_free(struct fetch *f)
{
	struct fetch_thread *t = (struct fetch_thread *)f;
	struct inflight *inflight;

	if (!f)
		return;
	if (t->is_started) {
		inbox_stop(f->inbox);
		pthread_join(t->thread, NULL);
	}
	completion_free(f);
	origins_free(f->origins);
	while ((inflight = inflight_set_pop(&f->inflight)))
		inflight_free(inflight);
	inflight_set_free(&f->inflight);
	bootstrap_free(f);
	dispatch_free(f);
	earlier_image_free(f);
	memory_watch_free(f);
	prefetch_hints_free(f);
	last_pass_free(f);
	readahead_feed_free(f);
	revalidation_free(f);
	status_snapshot_free(f);
	scheduler_free(&f->scheduler);
	trace_free(f->trace);
	hash_cache_free(f->hash_cache);
	disk_check_free(f->disk_check);
	verity_free(&f->verity);
	store_free(f->store);
	inbox_free(f->inbox);
	free(t);
}

struct inbox *fetch_inbox(const struct fetch *f)
{
	return f->inbox;
}
