/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Where other threads come in and wait: the inbox and its two sides.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "engine/fetch/fetch-internal.h"

/* No more often than this. */
#define NUDGE_MS 10

/* The fetch thread's side */

static void admit(struct fetch *f, struct pending_read *w)
{
	uint8_t bytes[STORE_BLOCK];
	uint64_t block, offset;
	uint32_t i, length;

	for (i = 0; i < w->want.count; i++) {
		block = w->want.start + i;
		if (!pending_read_misses(w, block) || !store_has(f->store, block))
			continue;
		/* It came in the meantime. */
		offset = block * STORE_BLOCK;
		length = f->size_bytes - offset < STORE_BLOCK ?
			 (uint32_t)(f->size_bytes - offset) : STORE_BLOCK;
		if (store_read(f->store, bytes, offset, length))
			store_drop(f->store, block);	/* a bad disk */
		else
			f->served_bytes += pending_read_deliver(w, block, 1, bytes);
	}
	w->since_ms = clock_ms();
	if (w->left)
		scheduler_add_demand(&f->scheduler, &w->want);
	else
		fetch_finish(f, w, 0);
}

void fetch_take_inbox(struct fetch *f)
{
	struct range prefetches[PREFETCH_INBOX];
	struct pending_read *w, *next;
	unsigned i, n;

	pthread_mutex_lock(&f->lock);
	w = f->inbox;
	f->inbox = NULL;
	f->inbox_last = &f->inbox;
	n = f->prefetch_count;
	memcpy(prefetches, f->prefetches, n * sizeof prefetches[0]);
	f->prefetch_count = 0;
	pthread_mutex_unlock(&f->lock);
	for (; w; w = next) {
		next = w->next_in_inbox;
		admit(f, w);
	}
	for (i = 0; i < n; i++)
		scheduler_add_prefetch(&f->scheduler, prefetches[i].start,
			      prefetches[i].end - prefetches[i].start);
}

/* Lets go of readers that are gone, or that asked not to wait for ever. */
void fetch_dismiss(struct fetch *f)
{
	int64_t outage_ms = f->options->outage_ms;
	uint64_t now = clock_ms(), since;
	struct demand *want = f->scheduler.first, *next;
	struct pending_read *w;

	for (; want; want = next) {
		next = want->next;
		w = (struct pending_read *)want;
		since = w->since_ms > f->progress_ms ? w->since_ms : f->progress_ms;
		if (w->cancelled || f->stop)
			fetch_end_wait(f, w, -ESHUTDOWN);
		else if (outage_ms >= 0 && now - since >= (uint64_t)outage_ms)
			fetch_end_wait(f, w, -EIO);
	}
}

void fetch_fail_inbox(struct fetch *f)
{
	struct pending_read *w, *next;

	pthread_mutex_lock(&f->lock);
	w = f->inbox;
	f->inbox = NULL;
	f->inbox_last = &f->inbox;
	pthread_mutex_unlock(&f->lock);
	for (; w; w = next) {
		next = w->next_in_inbox;
		fetch_finish(f, w, -ESHUTDOWN);
	}
}

/* Called by other threads */

static void deadline_in(struct timespec *at, unsigned ms)
{
	clock_gettime(CLOCK_MONOTONIC, at);
	at->tv_nsec += (long)ms * 1000000;
	at->tv_sec += at->tv_nsec / 1000000000;
	at->tv_nsec %= 1000000000;
}

int fetch_wait_open(struct fetch *f, fetch_gone *gone, void *ctx)
{
	uint64_t began = clock_ms();
	struct timespec at;
	int result = 0;

	pthread_mutex_lock(&f->lock);
	while (!f->opened && !result) {
		deadline_in(&at, PATIENCE_MS);
		pthread_cond_timedwait(&f->opened_wake, &f->lock, &at);
		pthread_mutex_unlock(&f->lock);
		if (f->stop || (gone && gone(ctx)))
			result = -ESHUTDOWN;
		else if (f->options->outage_ms >= 0 &&
			 clock_ms() - began >= (uint64_t)f->options->outage_ms)
			result = -EIO;
		pthread_mutex_lock(&f->lock);
	}
	if (f->opened)
		result = 0;
	pthread_mutex_unlock(&f->lock);
	return result;
}

int fetch_wait(struct fetch *f, struct pending_read *w, fetch_gone *gone, void *ctx)
{
	struct timespec at;
	bool first;

	pthread_mutex_lock(&f->lock);
	first = !f->inbox;
	*f->inbox_last = w;
	f->inbox_last = &w->next_in_inbox;
	pthread_mutex_unlock(&f->lock);
	if (first)
		origins_wake(f->origins);
	pthread_mutex_lock(&f->lock);
	while (!w->done) {
		deadline_in(&at, PATIENCE_MS);
		pthread_cond_timedwait(&w->wake, &f->lock, &at);
		if (w->done || w->cancelled || !gone)
			continue;
		pthread_mutex_unlock(&f->lock);
		if (gone(ctx)) {
			w->cancelled = true;
			origins_wake(f->origins);
		}
		pthread_mutex_lock(&f->lock);
	}
	pthread_mutex_unlock(&f->lock);
	return w->result;
}

void fetch_prefetch(struct fetch *f, uint64_t start, uint64_t count)
{
	pthread_mutex_lock(&f->lock);
	if (f->prefetch_count < PREFETCH_INBOX)
		f->prefetches[f->prefetch_count++] = (struct range){ start, start + count };
	pthread_mutex_unlock(&f->lock);
	origins_wake(f->origins);
}

void fetch_nudge(struct fetch *f)
{
	uint64_t now = clock_ms();

	/* A wake-up costs more than the read that it is for. */
	if (f->materialized || f->has_profile || now - f->nudged_ms < NUDGE_MS)
		return;
	f->nudged_ms = now;
	origins_wake(f->origins);
}

void fetch_count_served(struct fetch *f, uint64_t bytes)
{
	atomic_fetch_add_explicit(&f->served_bytes, bytes, memory_order_relaxed);
}

void fetch_status(struct fetch *f, struct status *out)
{
	pthread_mutex_lock(&f->lock);
	*out = f->status;
	if (f->opened) {
		out->present_bytes = store_present_blocks(f->store) * STORE_BLOCK;
		if (out->present_bytes > out->image_bytes)
			out->present_bytes = out->image_bytes;
	}
	pthread_mutex_unlock(&f->lock);
	out->served_bytes = f->served_bytes;
}
