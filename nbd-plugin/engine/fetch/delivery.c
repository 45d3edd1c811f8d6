/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Verified blocks on their way to the store and to whoever waits for them.
 */
#include "config.h"

#include "common/clock.h"
#include "engine/fetch/fetch-internal.h"

void fetch_finish(struct fetch *f, struct pending_read *w, int result)
{
	pthread_mutex_lock(&f->lock);
	w->result = result;
	w->done = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&f->lock);
}

void fetch_end_wait(struct fetch *f, struct pending_read *w, int result)
{
	scheduler_remove_demand(&f->scheduler, &w->want);
	fetch_finish(f, w, result);
}

/* Hands verified blocks to everybody who waits for them. */
void fetch_deliver(struct fetch *f, uint64_t start, uint32_t count, const uint8_t *bytes)
{
	struct demand *want = f->scheduler.first, *next;
	struct pending_read *w;

	for (; want; want = next) {
		next = want->next;
		w = (struct pending_read *)want;
		f->served_bytes += pending_read_deliver(w, start, count, bytes);
		if (!w->left)
			fetch_end_wait(f, w, 0);
	}
}

/* Verified blocks: kept, handed over, and perhaps what others waited for to be
 * verified in turn.
 */
void fetch_publish(struct fetch *f, uint64_t start, uint32_t count, const uint8_t *bytes)
{
	uint32_t i;

	store_put(f->store, start, count, bytes);
	for (i = 0; i < count; i++) {
		scheduler_clear_suspect(&f->scheduler, start + i);
		if (hash_cache_is_hash_block(f->hash_cache, start + i)) {
			hash_cache_put(f->hash_cache, start + i, bytes + (size_t)i * STORE_BLOCK);
			f->hash_cache_grew = true;
		}
	}
	scheduler_mark_present(&f->scheduler, start, count);
	fetch_deliver(f, start, count, bytes);
	f->progress_ms = clock_ms();
}
