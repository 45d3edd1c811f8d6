/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "common/clock.h"
#include "engine/fetch/delivery.h"
#include "engine/fetch/fetch-internal.h"

void delivery_end(struct fetch *f, struct pending_read *read, int result)
{
	scheduler_remove_demand(&f->scheduler, &read->demand);
	inbox_finish(f->inbox, read, result);
}

void delivery_deliver(struct fetch *f, uint64_t start, uint32_t count, const uint8_t *bytes)
{
	struct demand *demand = f->scheduler.first, *next;
	struct pending_read *read;

	for (; demand; demand = next) {
		next = demand->next;
		read = pending_read_of(demand);
		inbox_count_served(f->inbox, pending_read_deliver(read, start, count, bytes));
		if (!read->left)
			delivery_end(f, read, 0);
	}
}

void delivery_publish(struct fetch *f, uint64_t start, uint32_t count, const uint8_t *bytes)
{
	uint64_t now = clock_ms();
	uint32_t i;

	store_put(f->store, start, count, bytes);
	for (i = 0; i < count; i++) {
		scheduler_clear_suspect(&f->scheduler, start + i, now);
		if (hash_cache_is_hash_block(f->hash_cache, start + i))
			hash_cache_put(f->hash_cache, start + i, bytes + (size_t)i * STORE_BLOCK);
	}
	scheduler_mark_present(&f->scheduler, start, count);
	delivery_deliver(f, start, count, bytes);
	f->progress_ms = now;
}
