/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "common/latency.h"
#include "engine/fetch/inbox.h"

/* How often a reader that waits asks whether it is cancelled. */
#define CANCEL_CHECK_MS 250
/* A wake-up costs more than the read that it is for: no more often than this. */
#define NUDGE_MS 10

struct inbox {
	int64_t outage_ms;
	void (*wake)(void *ctx);
	void *ctx;

	pthread_mutex_t lock;		/* guards what follows, up to the gap */
	pthread_cond_t opened;
	struct pending_read *first, **last;
	struct range prefetches[INBOX_PREFETCHES];
	unsigned prefetch_count;
	bool wants_all;
	struct status status;

	struct open_image image;	/* does not change once is_open */
	_Atomic bool is_open, stopped, wants_nudges;
	_Atomic uint64_t served_bytes, nudged_ms, uncompressed_bytes, frames,
		partition, partition_offset, partition_bytes;
	struct latency_counter hits, misses;
};

static void init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

int inbox_new(int64_t outage_ms, void (*wake)(void *ctx), void *ctx, struct inbox **out)
{
	struct inbox *in = calloc(1, sizeof *in);

	if (!in)
		return -ENOMEM;
	in->outage_ms = outage_ms;
	in->wake = wake;
	in->ctx = ctx;
	in->last = &in->first;
	in->status.eta_s = -1;
	in->wants_nudges = true;
	pthread_mutex_init(&in->lock, NULL);
	init_cond(&in->opened);
	*out = in;
	return 0;
}

void inbox_free(struct inbox *in)
{
	if (!in)
		return;
	pthread_cond_destroy(&in->opened);
	pthread_mutex_destroy(&in->lock);
	free(in);
}

/* The readers' side */

/* Sleeps until cond is signalled, CANCEL_CHECK_MS at most; the lock is held. */
static void doze(struct inbox *in, pthread_cond_t *cond)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += CANCEL_CHECK_MS * 1000000L;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	pthread_cond_timedwait(cond, &in->lock, &at);
}

/* The lock is held, but not while the callback runs. */
static bool is_cancelled(struct inbox *in, const struct cancel *cancel)
{
	bool due;

	pthread_mutex_unlock(&in->lock);
	due = cancel_is_due(cancel);
	pthread_mutex_lock(&in->lock);
	return due;
}

int inbox_wait_open(struct inbox *in, const struct cancel *cancel)
{
	uint64_t began = clock_ms();
	int result = 0;

	pthread_mutex_lock(&in->lock);
	while (!in->is_open && !result) {
		doze(in, &in->opened);
		if (in->stopped || is_cancelled(in, cancel))
			result = -ESHUTDOWN;
		else if (in->outage_ms >= 0 && clock_ms() - began >= (uint64_t)in->outage_ms)
			result = -EIO;
	}
	if (in->is_open)
		result = 0;
	pthread_mutex_unlock(&in->lock);
	return result;
}

const struct open_image *inbox_image(const struct inbox *in)
{
	return atomic_load_explicit(&in->is_open, memory_order_acquire) ? &in->image : NULL;
}

void inbox_submit(struct inbox *in, struct pending_read *read)
{
	bool was_empty;

	pthread_mutex_lock(&in->lock);
	was_empty = !in->first;
	*in->last = read;
	in->last = &read->next_in_inbox;
	pthread_mutex_unlock(&in->lock);
	if (was_empty)
		in->wake(in->ctx);
}

void inbox_cancel(struct inbox *in, struct pending_read *read)
{
	read->cancelled = true;
	in->wake(in->ctx);
}

int inbox_wait(struct inbox *in, struct pending_read *read, const struct cancel *cancel)
{
	inbox_submit(in, read);
	pthread_mutex_lock(&in->lock);
	while (!read->done) {
		doze(in, &read->wake);
		if (read->done || read->cancelled || !is_cancelled(in, cancel))
			continue;
		inbox_cancel(in, read);
	}
	pthread_mutex_unlock(&in->lock);
	return read->result;
}

void inbox_prefetch(struct inbox *in, uint64_t start, uint64_t count)
{
	pthread_mutex_lock(&in->lock);
	if (in->prefetch_count < INBOX_PREFETCHES)
		in->prefetches[in->prefetch_count++] = (struct range){ start, start + count };
	pthread_mutex_unlock(&in->lock);
	in->wake(in->ctx);
}

void inbox_want_all(struct inbox *in)
{
	pthread_mutex_lock(&in->lock);
	in->wants_all = true;
	pthread_mutex_unlock(&in->lock);
	in->wake(in->ctx);
}

void inbox_nudge(struct inbox *in)
{
	uint64_t now = clock_ms();

	if (!in->wants_nudges || now - in->nudged_ms < NUDGE_MS)
		return;
	in->nudged_ms = now;
	in->wake(in->ctx);
}

void inbox_count_served(struct inbox *in, uint64_t bytes)
{
	atomic_fetch_add_explicit(&in->served_bytes, bytes, memory_order_relaxed);
}

void inbox_count_read(struct inbox *in, uint64_t ns, bool has_waited)
{
	latency_add(has_waited ? &in->misses : &in->hits, ns);
}

void inbox_set_seekable(struct inbox *in, uint64_t uncompressed_bytes, uint64_t frames)
{
	in->uncompressed_bytes = uncompressed_bytes;
	in->frames = frames;
}

void inbox_set_partition(struct inbox *in, unsigned number, uint64_t offset, uint64_t bytes)
{
	in->partition_offset = offset;
	in->partition_bytes = bytes;
	in->partition = number;
}

void inbox_status(struct inbox *in, struct status *out)
{
	pthread_mutex_lock(&in->lock);
	*out = in->status;
	if (in->is_open) {
		out->present_bytes = store_present_blocks(in->image.store) * STORE_BLOCK;
		if (out->present_bytes > out->image_bytes)
			out->present_bytes = out->image_bytes;
	}
	pthread_mutex_unlock(&in->lock);
	out->served_bytes = in->served_bytes;
	out->seekable.uncompressed_bytes = in->uncompressed_bytes;
	out->seekable.frames = in->frames;
	out->partition.number = in->partition;
	out->partition.offset = in->partition_offset;
	out->partition.bytes = in->partition_bytes;
	latency_copy(&in->hits, &out->hits);
	latency_copy(&in->misses, &out->misses);
}

void inbox_stop(struct inbox *in)
{
	in->stopped = true;
	pthread_mutex_lock(&in->lock);
	pthread_cond_broadcast(&in->opened);
	pthread_mutex_unlock(&in->lock);
	in->wake(in->ctx);
}

bool inbox_is_stopped(const struct inbox *in)
{
	return in->stopped;
}

/* The fetch thread's side */

void inbox_open(struct inbox *in, const struct open_image *image)
{
	pthread_mutex_lock(&in->lock);
	in->image = *image;
	atomic_store_explicit(&in->is_open, true, memory_order_release);
	pthread_cond_broadcast(&in->opened);
	pthread_mutex_unlock(&in->lock);
}

void inbox_take(struct inbox *in, struct inbox_mail *out)
{
	unsigned i;

	pthread_mutex_lock(&in->lock);
	out->reads = in->first;
	in->first = NULL;
	in->last = &in->first;
	out->prefetch_count = in->prefetch_count;
	for (i = 0; i < in->prefetch_count; i++)
		out->prefetches[i] = in->prefetches[i];
	in->prefetch_count = 0;
	out->wants_all = in->wants_all;
	in->wants_all = false;
	pthread_mutex_unlock(&in->lock);
}

void inbox_finish(struct inbox *in, struct pending_read *read, int result)
{
	if (read->on_done) {
		read->on_done(read, result);
		return;
	}
	pthread_mutex_lock(&in->lock);
	read->result = result;
	read->done = true;
	pthread_cond_signal(&read->wake);
	pthread_mutex_unlock(&in->lock);
}

void inbox_set_status(struct inbox *in, const struct status *status)
{
	pthread_mutex_lock(&in->lock);
	in->status = *status;
	pthread_mutex_unlock(&in->lock);
}

void inbox_want_nudges(struct inbox *in, bool wanted)
{
	in->wants_nudges = wanted;
}
