/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <string.h>

#include "engine/fetch/pending-read.h"

void pending_read_init(struct pending_read *w, void *buf, uint32_t count, uint64_t offset)
{
	pthread_condattr_t attr;
	uint64_t last = (offset + count - 1) / STORE_BLOCK;

	w->demand.next = NULL;
	w->demand.start = offset / STORE_BLOCK;
	w->demand.count = (uint32_t)(last - w->demand.start + 1);
	w->demand.missing = w->missing;
	w->next_in_inbox = NULL;
	w->buf = buf;
	w->offset = offset;
	w->count = count;
	w->left = 0;
	w->since_ms = 0;
	w->cancelled = false;
	w->done = false;
	w->result = 0;
	memset(w->missing, 0, (w->demand.count + 63) / 64 * sizeof w->missing[0]);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
}

void pending_read_destroy(struct pending_read *w)
{
	pthread_cond_destroy(&w->wake);
}

void pending_read_miss(struct pending_read *w, uint64_t block)
{
	uint64_t i = block - w->demand.start;

	w->missing[i / 64] |= 1ULL << (i % 64);
	w->left++;
}

bool pending_read_misses(const struct pending_read *w, uint64_t block)
{
	uint64_t i = block - w->demand.start;

	return block >= w->demand.start && i < w->demand.count &&
	       (w->missing[i / 64] >> (i % 64) & 1);
}

/* The part of one block that lies within the read. */
static uint64_t copy_block(struct pending_read *w, uint64_t block, const uint8_t *bytes)
{
	uint64_t from = block * STORE_BLOCK, to = from + STORE_BLOCK;
	uint64_t end = w->offset + w->count;

	if (from < w->offset)
		from = w->offset;
	if (to > end)
		to = end;
	memcpy(w->buf + (from - w->offset), bytes + (from - block * STORE_BLOCK), to - from);
	return to - from;
}

uint64_t pending_read_deliver(struct pending_read *w, uint64_t start, uint32_t count,
			const uint8_t *bytes)
{
	uint64_t block = start, end = start + count, copied = 0, i;

	if (block < w->demand.start)
		block = w->demand.start;
	if (end > w->demand.start + w->demand.count)
		end = w->demand.start + w->demand.count;
	for (; block < end; block++) {
		if (!pending_read_misses(w, block))
			continue;
		copied += copy_block(w, block, bytes + (block - start) * STORE_BLOCK);
		i = block - w->demand.start;
		w->missing[i / 64] &= ~(1ULL << (i % 64));
		w->left--;
	}
	return copied;
}
