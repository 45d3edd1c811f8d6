/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/export/frame-reader-internal.h"

/* How often a reader that waits asks whether it is cancelled. */
#define CANCEL_CHECK_MS 250
/* Copied with the lock held: about a microsecond. */
#define SMALL_BYTES 8192U

int frame_reader_new(struct seek_table *table, const struct frame_source *source,
		     const struct log *log, struct frame_reader **out)
{
	struct frame_reader *r = calloc(1, sizeof *r);
	int err;

	if (!r) {
		seek_table_free(table);
		return -ENOMEM;
	}
	r->table = *table;
	*table = (struct seek_table){ 0 };
	r->source = *source;
	r->log = log;
	r->last_job = &r->jobs;
	r->cache.capacity_bytes = 4ULL * r->table.largest_frame;
	if (r->cache.capacity_bytes < FRAME_CACHE_BYTES)
		r->cache.capacity_bytes = FRAME_CACHE_BYTES;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->work, NULL);
	err = frame_workers_start(r);
	if (err)
		frame_reader_free(r);
	else
		*out = r;
	return err;
}

void frame_reader_free(struct frame_reader *r)
{
	if (!r)
		return;
	frame_workers_end(r);
	frame_cache_free(&r->cache);
	seek_table_free(&r->table);
	pthread_cond_destroy(&r->work);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

uint64_t frame_reader_size(const struct frame_reader *r)
{
	return r->table.size_bytes;
}

uint32_t frame_reader_frames(const struct frame_reader *r)
{
	return r->table.frames;
}

void frame_reader_compressed(const struct frame_reader *r, uint64_t count, uint64_t offset,
			     uint64_t *compressed_count, uint64_t *compressed_offset)
{
	struct seek_frame first, last;

	seek_table_frame_at(&r->table, offset, &first);
	seek_table_frame_at(&r->table, offset + count - 1, &last);
	*compressed_offset = first.compressed_offset;
	*compressed_count = last.compressed_offset + last.compressed_bytes - first.compressed_offset;
}

/* Copies the part of frame between at and until to where offset has its byte. */
static void copy(uint8_t *buf, uint64_t offset, uint64_t at, uint64_t until, const struct frame *frame)
{
	uint64_t from = frame->at.offset, to = from + frame->at.bytes;

	if (from < at)
		from = at;
	if (to > until)
		to = until;
	memcpy(buf + (from - offset), frame->bytes + (from - frame->at.offset), to - from);
}

void frame_read_copy(struct frame_read *read, const struct frame *frame)
{
	copy(read->buf, read->offset, read->at, read->until, frame);
}

static void release_all(struct frame_reader *r, struct frame **frames, unsigned count)
{
	pthread_mutex_lock(&r->lock);
	while (count)
		frame_cache_release(&r->cache, frames[--count]);
	pthread_mutex_unlock(&r->lock);
}

/* A small read of one frame: to copy it takes less time than to take the lock again would.  The
 * lock is held.
 */
static bool copy_small(struct frame_reader *r, const struct seek_frame *at, void *buf, uint32_t count,
		       uint64_t offset)
{
	struct frame *frame;

	if (count > SMALL_BYTES || offset - at->offset + count > at->bytes)
		return false;
	frame = frame_cache_find(&r->cache, at->index);
	if (!frame || frame->state != FRAME_CACHED)
		return false;
	frame_cache_touch(&r->cache, frame);
	memcpy(buf, frame->bytes + (offset - at->offset), count);
	return true;
}

int frame_reader_present(struct frame_reader *r, void *buf, uint32_t count, uint64_t offset)
{
	struct frame *held[FRAME_PARTS], *frame;
	uint64_t end = offset + count;
	unsigned n = 0, i;
	struct seek_frame at;
	bool is_present = true;

	seek_table_frame_at(&r->table, offset, &at);
	pthread_mutex_lock(&r->lock);
	if (copy_small(r, &at, buf, count, offset)) {
		pthread_mutex_unlock(&r->lock);
		return 0;
	}
	do {
		frame = n < FRAME_PARTS ? frame_cache_find(&r->cache, at.index) : NULL;
		is_present = frame && frame->state == FRAME_CACHED;
		if (is_present) {
			frame_cache_hold(&r->cache, frame);
			held[n++] = frame;
		}
	} while (is_present && at.offset + at.bytes < end && seek_table_next_data(&r->table, &at));
	pthread_mutex_unlock(&r->lock);
	for (i = 0; i < n && is_present; i++)
		copy(buf, offset, offset, end, held[i]);
	if (n)
		release_all(r, held, n);
	return is_present ? 0 : -EAGAIN;
}

/* A frame that is held twice: by its load, and by the caller.  NULL: no memory. */
static struct frame *add_frame(struct frame_reader *r, const struct seek_frame *at)
{
	struct frame *frame = calloc(1, sizeof *frame);

	if (!frame)
		return NULL;
	frame->reader = r;
	frame->at = *at;
	frame->compressed = malloc(at->compressed_bytes);
	if (!frame->compressed) {
		free(frame);
		return NULL;
	}
	frame_cache_add(&r->cache, frame);
	frame_cache_hold(&r->cache, frame);
	return frame;
}

static void wait_for(struct frame_read *read, struct frame_part *part, struct frame *frame)
{
	part->read = read;
	part->frame = frame;
	part->next = frame->waiters;
	frame->waiters = part;
	read->left++;
}

static void fetched(void *ctx, int result);

struct batch {
	struct frame *cached[FRAME_PARTS], *absent[FRAME_PARTS];
	unsigned cached_count, absent_count;
};

/* Finds the frames of the next parts; the lock is held.  Returns 0 or -ENOMEM. */
static int find_frames(struct frame_read *read, struct batch *b)
{
	struct frame_reader *r = read->reader;
	struct seek_frame at;
	struct frame *frame;
	unsigned part = 0;

	seek_table_frame_at(&r->table, read->at, &at);
	for (read->until = read->at; part < FRAME_PARTS; part++) {
		frame = frame_cache_find(&r->cache, at.index);
		if (frame && frame->state == FRAME_CACHED) {
			frame_cache_hold(&r->cache, frame);
			b->cached[b->cached_count++] = frame;
		} else {
			if (!frame) {
				frame = add_frame(r, &at);
				if (!frame)
					return -ENOMEM;
				b->absent[b->absent_count++] = frame;
			}
			wait_for(read, &read->parts[part], frame);
		}
		read->until = at.offset + at.bytes;
		if (read->until >= read->end) {
			read->until = read->end;
			break;
		}
		seek_table_next_data(&r->table, &at);
	}
	return 0;
}

/* Fetches a frame that this thread has added.  Its load ends in fetched(). */
static void start_load(struct frame_reader *r, struct frame *frame)
{
	void *source_read = NULL;
	int err = r->source.start(r->source.ctx, frame->compressed, frame->at.compressed_bytes,
				  frame->at.compressed_offset, fetched, frame, &source_read);

	pthread_mutex_lock(&r->lock);
	if (err) {
		frame->result = err;
		frame_workers_add(r, frame);
	} else if (frame->state == FRAME_FETCHING) {
		frame->source_read = source_read;
	}
	frame_cache_release(&r->cache, frame);
	pthread_mutex_unlock(&r->lock);
}

/* Begins the next parts of a read.  They are not done before frame_read_part_done is called
 * once more than there are parts.
 */
static void begin_parts(struct frame_read *read)
{
	struct frame_reader *r = read->reader;
	struct batch b = { .cached_count = 0 };
	unsigned i;
	int err = 0;

	read->left = 1;
	pthread_mutex_lock(&r->lock);
	if (!read->is_cancelled)
		err = find_frames(read, &b);
	pthread_mutex_unlock(&r->lock);
	if (err)
		read->result = err;
	for (i = 0; i < b.cached_count; i++)
		frame_read_copy(read, b.cached[i]);
	if (b.cached_count)
		release_all(r, b.cached, b.cached_count);
	for (i = 0; i < b.absent_count; i++)
		start_load(r, b.absent[i]);
}

void frame_read_part_done(struct frame_read *read, int result)
{
	if (result)
		read->result = result;
	/* The thread that ends the last part goes on with the read. */
	while (--read->left == 0) {
		if (read->result || read->until == read->end) {
			read->done(read->ctx, read->result);
			free(read);
			return;
		}
		read->at = read->until;
		begin_parts(read);
	}
}

int frame_reader_start(struct frame_reader *r, void *buf, uint32_t count, uint64_t offset,
		       void (*done)(void *ctx, int result), void *ctx, struct frame_read **out)
{
	struct frame_read *read = calloc(1, sizeof *read);

	if (!read)
		return -ENOMEM;
	read->reader = r;
	read->buf = buf;
	read->offset = read->at = offset;
	read->end = offset + count;
	read->done = done;
	read->ctx = ctx;
	if (out)
		*out = read;
	begin_parts(read);
	frame_read_part_done(read, 0);
	return 0;
}

/* The source calls it, in any thread: the compressed bytes are here, or will not come. */
static void fetched(void *ctx, int result)
{
	struct frame *frame = ctx;
	struct frame_reader *r = frame->reader;

	pthread_mutex_lock(&r->lock);
	frame->source_read = NULL;
	frame->result = result;
	frame_workers_add(r, frame);
	pthread_mutex_unlock(&r->lock);
}

/* A part no longer waits; the lock is held.  A load that no read waits for is cancelled: the
 * next read of the frame begins another one.
 */
static void stop_waiting(struct frame_reader *r, struct frame_part *part)
{
	struct frame *frame = part->frame;
	struct frame_part **at = &frame->waiters;

	while (*at != part)
		at = &(*at)->next;
	*at = part->next;
	part->frame = NULL;
	if (frame->waiters || frame->state != FRAME_FETCHING || !frame->source_read)
		return;
	frame_cache_remove(&r->cache, frame);
	r->source.cancel(r->source.ctx, frame->source_read);
	frame->source_read = NULL;
}

/* The lock is held. */
static void cancel_read(struct frame_reader *r, struct frame_read *read)
{
	unsigned i;

	if (read->is_cancelled)
		return;
	read->is_cancelled = true;
	read->result = -ESHUTDOWN;
	for (i = 0; i < FRAME_PARTS; i++) {
		if (!read->parts[i].frame)
			continue;
		stop_waiting(r, &read->parts[i]);
		read->cancelled_parts++;
	}
	/* Otherwise another thread is about to end it. */
	if (read->cancelled_parts) {
		read->next_cancelled = r->cancelled;
		r->cancelled = read;
		pthread_cond_signal(&r->work);
	}
}

void frame_read_cancel(struct frame_reader *r, struct frame_read *read)
{
	pthread_mutex_lock(&r->lock);
	cancel_read(r, read);
	pthread_mutex_unlock(&r->lock);
}

/* A read for which a thread waits. */
struct waiting_read {
	struct frame_reader *reader;
	pthread_cond_t is_done;
	bool done;		/* under the lock of the reader */
	int result;
};

static void end_wait(void *ctx, int result)
{
	struct waiting_read *w = ctx;

	pthread_mutex_lock(&w->reader->lock);
	w->result = result;
	w->done = true;
	pthread_cond_signal(&w->is_done);
	pthread_mutex_unlock(&w->reader->lock);
}

/* The lock is held. */
static void doze(struct waiting_read *w)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += CANCEL_CHECK_MS * 1000000L;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&w->is_done, &w->reader->lock, &at);
}

/* The lock is held, but not while the callback runs. */
static void wait_done(struct waiting_read *w, struct frame_read *read, const struct cancel *cancel)
{
	bool due;

	while (!w->done) {
		doze(w);
		if (w->done || !cancel)
			continue;
		pthread_mutex_unlock(&w->reader->lock);
		due = cancel_is_due(cancel);
		pthread_mutex_lock(&w->reader->lock);
		if (!due)
			continue;
		cancel = NULL;
		if (!w->done)
			cancel_read(w->reader, read);
	}
}

int frame_reader_pread(struct frame_reader *r, void *buf, uint32_t count, uint64_t offset,
		       const struct cancel *cancel)
{
	struct waiting_read w = { .reader = r };
	struct frame_read *read;
	pthread_condattr_t attr;
	int err;

	if (!frame_reader_present(r, buf, count, offset))
		return 0;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w.is_done, &attr);
	pthread_condattr_destroy(&attr);
	err = frame_reader_start(r, buf, count, offset, end_wait, &w, &read);
	if (!err) {
		pthread_mutex_lock(&r->lock);
		while (!w.done) {
			pthread_mutex_unlock(&r->lock);
			if (!frame_workers_help(r)) {
				pthread_mutex_lock(&r->lock);
				break;
			}
			pthread_mutex_lock(&r->lock);
		}
		wait_done(&w, read, cancel);
		pthread_mutex_unlock(&r->lock);
		err = w.result;
	}
	pthread_cond_destroy(&w.is_done);
	return err;
}
