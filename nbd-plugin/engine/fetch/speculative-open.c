/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * From the first request to an open image, and what is done in the meantime.
 *
 *   size is told ──► the top of the tree is asked for, and beside it ──► top verifies:
 *        ▲           what the profile expects: where things are           open
 *        │           depends on the size alone                             │ top does not,
 *        │           (bytes come, and none is judged)                      │ or a fault
 *        └────────────── all of that is thrown away ◄──────────────────────┘
 *
 * So the first bytes of a boot come a round trip earlier.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "engine/store/capacity.h"
#include "common/clock.h"
#include "engine/fetch/fetch-internal.h"

static void announce(const struct fetch *f)
{
	uint64_t budget = store_capacity_bytes(f->store);

	log_say(f->log, LOG_NOTE, "image of %" PRIu64 " bytes; store %s holds up to %" PRIu64 " MiB, %s; fill is %s",
		f->size_bytes, f->options->store_path ? f->options->store_path : "in memory",
		budget >> 20, budget >= f->size_bytes ? "all of it" : "not all of it",
		!f->fill ? "off" : f->options->fill == FILL_YES ? "on" : "on once reads have calmed down");
	if (!f->options->verify_none && !f->verity.size_is_pinned && !f->options->size_bytes)
		log_say(f->log, LOG_NOTE, "this image was not made by farroot pack; give size=%" PRIu64 " to pin its size",
			f->size_bytes);
}

/* Everything that needs the size. */
static int set_up(struct fetch *f, uint64_t size_bytes)
{
	const struct options *options = f->options;
	uint64_t budget = capacity_bytes(options, size_bytes, store_disk_fd(f->store));
	int err;

	f->size_bytes = size_bytes;
	err = store_set_size(f->store, size_bytes, budget);
	if (!err)
		err = scheduler_init(&f->scheduler, f->store, (size_bytes + STORE_BLOCK - 1) / STORE_BLOCK);
	if (!err)
		err = trace_new(size_bytes, f->log, &f->trace);
	if (!err)
		err = hash_cache_new(options->verify_none ? NULL : &f->verity, f->store, &f->hash_cache);
	return err;
}

/* Undoes what it takes a size to do. */
static void forget_size(struct fetch *f)
{
	struct inflight *inflight;

	while ((inflight = f->inflights)) {
		f->inflights = inflight->next;
		if (!inflight->ended)
			origins_cancel(f->origins, &inflight->request);
		f->wasted_bytes += inflight->received;
		inflight_free(inflight);
	}
	f->inflight_count = 0;
	memset(f->active, 0, sizeof f->active);
	scheduler_free(&f->scheduler);
	memset(&f->scheduler, 0, sizeof f->scheduler);
	trace_free(f->trace);
	f->trace = NULL;
	hash_cache_free(f->hash_cache);
	f->hash_cache = NULL;
	verity_free(&f->verity);
	store_forget_size(f->store);
	fetch_hint_renew(f);
	f->size_bytes = 0;
}

/* Once.  What is in a store on a disk is not risked for a size that nothing vouches for;
 * nor is a profile from a file, which may not be there to be read again.
 */
static bool may_guess(const struct fetch *f)
{
	const char *profile = f->options->profile;

	if (profile && !parse_is_url(profile))
		return false;
	return f->opening.size_bytes && !f->size_bytes && f->hint.state == HINT_HERE &&
	       !f->guess_failed && !f->options->verify_none && !f->options->store_path;
}

/* Takes the size for the image's before the top has said so. */
static void guess(struct fetch *f)
{
	static const uint8_t no_salt_yet[1];
	const struct opening *o = &f->opening;
	uint64_t data_blocks = verity_data_blocks(o->size_bytes / VERITY_BLOCK_SIZE);

	if (verity_init(&f->verity, data_blocks, no_salt_yet, 0, f->options->roothash) ||
	    set_up(f, o->size_bytes)) {
		/* An absurd one, perhaps. */
		forget_size(f);
		f->guess_failed = true;
		return;
	}
	scheduler_mark_busy(&f->scheduler, o->top_start, o->top_count);
	if (o->first)
		scheduler_mark_busy(&f->scheduler, o->first->start, o->first->count);
	fetch_hint_step(f);
}

static void ask_ahead(struct fetch *f)
{
	if (f->size_bytes && f->size_bytes != f->opening.size_bytes) {
		forget_size(f);
		f->guess_failed = true;
	}
	if (may_guess(f))
		guess(f);
	if (!f->size_bytes)
		return;
	fetch_reap(f);
	fetch_ask_for_more(f);
}

static void tick(void *ctx)
{
	struct fetch *f = ctx;

	/* Beside the first request for the image, so that it costs no time. */
	fetch_hint_ask(f);
	fetch_update_status(f);
	fetch_connect_ahead(f);
	ask_ahead(f);
	pthread_mutex_lock(&f->lock);
	pthread_cond_broadcast(&f->opened_wake);
	pthread_mutex_unlock(&f->lock);
}

/* What opening.c has fetched is of use. */
static void keep(struct fetch *f, struct inflight *inflight)
{
	if (!inflight)
		return;
	scheduler_release(&f->scheduler, inflight->start, inflight->count);
	fetch_settle(f, inflight);
	inflight_free(inflight);
}

/* The size and the layout are known for sure. */
static int root(struct fetch *f)
{
	const struct options *options = f->options;
	const struct opening *o = &f->opening;
	int err = 0;

	if (f->size_bytes != o->size_bytes) {
		forget_size(f);
		err = set_up(f, o->size_bytes);
	}
	verity_free(&f->verity);
	if (!options->verify_none)
		f->verity = o->verity;
	if (err)
		return err;
	f->rooted = true;
	f->opened_ms = clock_ms();
	f->fill = options->fill == FILL_DEFAULT ? store_capacity_bytes(f->store) >= f->size_bytes :
		  options->fill != FILL_NO;
	announce(f);
	return 0;
}

int fetch_open(struct fetch *f)
{
	struct opening *o = &f->opening;
	struct inflight *inflight;
	int err;

	*o = (struct opening){ .origins = f->origins, .options = f->options, .log = f->log,
			       .stop = &f->stop, .tick = tick, .ctx = f };
	err = opening_run(o);
	if (!err)
		err = root(f);
	if (err) {
		inflight_free(o->top);
		inflight_free(o->first);
		return err;
	}
	keep(f, o->top);
	keep(f, o->first);
	for (inflight = f->inflights; inflight; inflight = inflight->next)
		fetch_settle(f, inflight);
	/* Only now: what is kept above is through at once.  If it can't be had, all is
	 * hashed in this thread.
	 */
	if (!f->options->verify_none)
		hash_thread_new(&f->verity, fetch_on_hashed, f, &f->hash_thread);
	return 0;
}
