/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/atomic-bitmap.h"
#include "common/clock.h"
#include "engine/store/store.h"
#include "engine/store/access-trace.h"

struct access_trace {
	struct atomic_bitmap bits;	/* set under the lock, tested without */
	uint64_t size_bytes;
	const struct log *log;
	_Atomic uint64_t last_ms;

	pthread_mutex_t lock;	/* guards the fields below */
	struct profile list;
	bool full;
};

int trace_new(uint64_t size_bytes, const struct log *log, struct access_trace **out)
{
	struct access_trace *t = calloc(1, sizeof *t);
	int err;

	if (!t)
		return -ENOMEM;
	err = bitmap_init(&t->bits, (size_bytes + STORE_BLOCK - 1) / STORE_BLOCK);
	if (err) {
		free(t);
		return err;
	}
	t->size_bytes = size_bytes;
	t->log = log;
	pthread_mutex_init(&t->lock, NULL);
	*out = t;
	return 0;
}

void trace_free(struct access_trace *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	profile_free(&t->list);
	bitmap_free(&t->bits);
	free(t);
}

static void append(struct access_trace *t, uint64_t start, uint64_t end)
{
	uint64_t offset = start * STORE_BLOCK, stop = end * STORE_BLOCK;

	if (t->full)
		return;
	if (stop > t->size_bytes)
		stop = t->size_bytes;
	if (t->list.count < TRACE_MAX_ENTRIES &&
	    !profile_add(&t->list, offset, stop - offset))
		return;
	t->full = true;
	log_say(t->log, LOG_NOTE, "access trace is full (%zu extents); recording stopped",
		t->list.count);
}

/* Another thread may have recorded some or all of these blocks in the meantime. */
static void note_new(struct access_trace *t, uint64_t at, uint64_t end)
{
	uint64_t start, added = 0;

	pthread_mutex_lock(&t->lock);
	while ((start = bitmap_next_clear(&t->bits, at)) < end) {
		for (at = start; at < end && !bitmap_set(&t->bits, at); at++)
			;
		append(t, start, at);
		added += at - start;
	}
	if (added) {
		t->last_ms = clock_ms();
	}
	pthread_mutex_unlock(&t->lock);
}

bool trace_record(struct access_trace *t, uint64_t start, uint64_t count)
{
	uint64_t end = start + count;

	if (bitmap_all_set(&t->bits, start, end))
		return false;
	note_new(t, start, end);
	return true;
}

bool trace_next(struct access_trace *t, struct trace_cursor *cursor,
		  uint64_t *start, uint64_t *end)
{
	const struct profile_entry *entry;
	bool found;

	*start = *end = 0;
	pthread_mutex_lock(&t->lock);
	while (cursor->entry < t->list.count) {
		entry = &t->list.entries[cursor->entry];
		/* Rounded up: the last block of an image may be short. */
		*start = (entry->offset + cursor->taken_bytes + STORE_BLOCK - 1) / STORE_BLOCK;
		*end = (entry->offset + entry->length + STORE_BLOCK - 1) / STORE_BLOCK;
		cursor->taken_bytes = entry->length;
		/* The last entry may still grow. */
		if (*start < *end || cursor->entry + 1 == t->list.count)
			break;
		cursor->entry++;
		cursor->taken_bytes = 0;
	}
	found = *start < *end;
	pthread_mutex_unlock(&t->lock);
	return found;
}

uint64_t trace_last_ms(const struct access_trace *t)
{
	return t->last_ms;
}

int trace_profile(struct access_trace *t, struct profile *out)
{
	int err = 0;

	memset(out, 0, sizeof *out);
	pthread_mutex_lock(&t->lock);
	if (t->list.count) {
		out->entries = malloc(t->list.count * sizeof *out->entries);
		if (!out->entries)
			err = -ENOMEM;
	}
	if (out->entries) {
		out->count = out->space = t->list.count;
		memcpy(out->entries, t->list.entries, out->count * sizeof *out->entries);
	}
	pthread_mutex_unlock(&t->lock);
	return err;
}
