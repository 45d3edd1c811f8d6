/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "engine/export/frame-reader-internal.h"

void frame_workers_add(struct frame_reader *r, struct frame *frame)
{
	frame->state = FRAME_QUEUED;
	frame->next_job = NULL;
	*r->last_job = frame;
	r->last_job = &frame->next_job;
	pthread_cond_signal(&r->work);
}

/* NULL: none; the lock is held. */
static struct frame *take_job(struct frame_reader *r)
{
	struct frame *frame = r->jobs;

	if (!frame)
		return NULL;
	r->jobs = frame->next_job;
	if (!r->jobs)
		r->last_job = &r->jobs;
	frame->state = FRAME_DECODING;
	return frame;
}

static int decode(struct frame_reader *r, struct frame *frame, struct frame_decoder *decoder)
{
	char why[SEEK_TABLE_WHY];
	int err;

	frame->bytes = malloc(frame->at.bytes);
	if (!frame->bytes || !decoder)
		return -ENOMEM;
	err = frame_decode(decoder, &frame->at, r->table.has_checksums, frame->compressed, frame->bytes, why);
	if (err)
		log_say(r->log, LOG_FAULT, "compressed image: %s", why);
	return err;
}

/* Takes the list of those that wait; the lock is held. */
static struct frame_part *take_waiters(struct frame *frame)
{
	struct frame_part *first = frame->waiters, *part;

	for (part = first; part; part = part->next)
		part->frame = NULL;
	frame->waiters = NULL;
	return first;
}

/* Ends the load of a frame that is not decompressed yet; the lock is held, but not meanwhile. */
static void do_job(struct frame_reader *r, struct frame *frame)
{
	struct frame_decoder *decoder = r->decoder_count ? r->decoders[--r->decoder_count] : NULL;
	struct frame_part *part, *next;
	int err = frame->result;

	pthread_mutex_unlock(&r->lock);
	if (!err && !decoder)
		decoder = frame_decoder_new();
	if (!err)
		err = decode(r, frame, decoder);
	free(frame->compressed);
	frame->compressed = NULL;
	pthread_mutex_lock(&r->lock);
	if (decoder && r->decoder_count < FRAME_WORKERS_MAX) {
		r->decoders[r->decoder_count++] = decoder;
		decoder = NULL;
	}
	/* A later read may try again. */
	if (err)
		frame_cache_remove(&r->cache, frame);
	else
		frame_cache_count(&r->cache, frame);
	part = take_waiters(frame);
	pthread_mutex_unlock(&r->lock);
	frame_decoder_free(decoder);
	for (; part; part = next) {
		/* The read may be gone when its last part is done. */
		next = part->next;
		if (!err)
			frame_read_copy(part->read, frame);
		frame_read_part_done(part->read, err);
	}
	pthread_mutex_lock(&r->lock);
	frame_cache_release(&r->cache, frame);
}

/* Ends the reads that were cancelled; the lock is held, but not meanwhile. */
static void end_cancelled(struct frame_reader *r)
{
	struct frame_read *read = r->cancelled;
	unsigned parts = read->cancelled_parts;

	r->cancelled = read->next_cancelled;
	pthread_mutex_unlock(&r->lock);
	while (parts--)
		frame_read_part_done(read, -ESHUTDOWN);
	pthread_mutex_lock(&r->lock);
}

/* One thing that is to be done; the lock is held, but not meanwhile. */
static bool work_once(struct frame_reader *r)
{
	struct frame *frame;

	if (r->cancelled) {
		end_cancelled(r);
		return true;
	}
	frame = take_job(r);
	if (frame)
		do_job(r, frame);
	return frame;
}

bool frame_workers_help(struct frame_reader *r)
{
	bool had_work;

	pthread_mutex_lock(&r->lock);
	had_work = work_once(r);
	pthread_mutex_unlock(&r->lock);
	return had_work;
}

static void *work(void *ctx)
{
	struct frame_reader *r = ctx;

	pthread_mutex_lock(&r->lock);
	while (work_once(r) || !r->ends)
		if (!r->jobs && !r->cancelled && !r->ends)
			pthread_cond_wait(&r->work, &r->lock);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

int frame_workers_start(struct frame_reader *r)
{
	unsigned wanted = FRAME_WORKERS_MAX;
	sigset_t all, before;
	cpu_set_t cpus;
	int err = 0;

	if (!sched_getaffinity(0, sizeof cpus, &cpus) && (unsigned)CPU_COUNT(&cpus) < wanted)
		wanted = (unsigned)CPU_COUNT(&cpus);
	/* Signals are for other threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (r->worker_count < wanted && !err) {
		err = pthread_create(&r->workers[r->worker_count], NULL, work, r);
		if (!err)
			r->worker_count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	/* One is enough. */
	return r->worker_count ? 0 : -err;
}

void frame_workers_end(struct frame_reader *r)
{
	unsigned i;

	pthread_mutex_lock(&r->lock);
	r->ends = true;
	pthread_cond_broadcast(&r->work);
	pthread_mutex_unlock(&r->lock);
	for (i = 0; i < r->worker_count; i++)
		pthread_join(r->workers[i], NULL);
	while (r->decoder_count)
		frame_decoder_free(r->decoders[--r->decoder_count]);
}
