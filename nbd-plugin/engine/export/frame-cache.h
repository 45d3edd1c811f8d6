/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The frames of a seekable image that are in memory: those that are being loaded, and those
 * that were used last, decompressed.  Bounded: when the decompressed frames have more bytes than
 * the capacity, the ones that were not used for the longest time are freed.  Frames that are
 * held are not freed, and count.
 *
 *   added ──► found by all ──► removed, or no longer held and too old: freed
 *
 * The caller has one lock for a cache and all its frames, and holds it for each function.
 */
#ifndef FARROOT_FRAME_CACHE_H
#define FARROOT_FRAME_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/format/seek-table.h"

#define FRAME_CACHE_BUCKETS 1024U

struct frame_part;
struct frame_reader;

enum frame_state {
	FRAME_FETCHING,		/* its compressed bytes are on their way */
	FRAME_QUEUED,		/* they have come, or result says why not */
	FRAME_DECODING,
	FRAME_CACHED		/* bytes is valid and does not change */
};

struct frame {
	/* For the frame cache. */
	struct frame *next;		/* in its bucket */
	struct frame *newer, *older;	/* of the frames that are not held */
	unsigned holds;
	bool is_listed;			/* found by frame_cache_find */
	bool is_idle;			/* in the list of the frames that are not held */
	/* For the frame reader. */
	struct frame_reader *reader;
	struct seek_frame at;
	enum frame_state state;
	uint8_t *bytes;			/* at.bytes; belongs to the frame, as compressed does */
	uint8_t *compressed;
	struct frame_part *waiters;
	void *source_read;
	struct frame *next_job;
	int result;
};

struct frame_cache {
	uint64_t capacity_bytes, used_bytes;
	struct frame *newest, *oldest;
	struct frame *buckets[FRAME_CACHE_BUCKETS];
};

/* Frees all frames; none may be held. */
void frame_cache_free(struct frame_cache *cache);

/* NULL: there is none. */
struct frame *frame_cache_find(const struct frame_cache *cache, uint32_t index);
/* The cache owns the frame, from malloc, which is held once. */
void frame_cache_add(struct frame_cache *cache, struct frame *frame);
/* The frame is not found any more; it is freed when it is not held. */
void frame_cache_remove(struct frame_cache *cache, struct frame *frame);
/* frame->bytes is valid from now on, and counts. */
void frame_cache_count(struct frame_cache *cache, struct frame *frame);

/* The frame is the one that was used last. */
void frame_cache_touch(struct frame_cache *cache, struct frame *frame);
void frame_cache_hold(struct frame_cache *cache, struct frame *frame);
/* Ends a hold: the frame is the one that was used last.  It may be freed. */
void frame_cache_release(struct frame_cache *cache, struct frame *frame);

#endif
