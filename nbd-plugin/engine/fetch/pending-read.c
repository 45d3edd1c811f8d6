/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <string.h>

#include "engine/fetch/pending-read.h"

void pending_read_init(struct pending_read *read, void *buf, uint32_t count, uint64_t offset)
{
	pthread_condattr_t attr;
	uint64_t last = (offset + count - 1) / STORE_BLOCK;

	read->demand.next = NULL;
	read->demand.start = offset / STORE_BLOCK;
	read->demand.count = (uint32_t)(last - read->demand.start + 1);
	read->demand.missing = read->missing;
	read->next_in_inbox = NULL;
	read->buf = buf;
	read->offset = offset;
	read->count = count;
	read->left = 0;
	read->since_ms = 0;
	read->cancelled = false;
	read->on_done = NULL;
	read->done = false;
	read->result = 0;
	memset(read->missing, 0, (read->demand.count + 63) / 64 * sizeof read->missing[0]);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&read->wake, &attr);
	pthread_condattr_destroy(&attr);
}

void pending_read_destroy(struct pending_read *read)
{
	pthread_cond_destroy(&read->wake);
}

void pending_read_miss(struct pending_read *read, uint64_t block)
{
	uint64_t i = block - read->demand.start;

	read->missing[i / 64] |= 1ULL << (i % 64);
	read->left++;
}

bool pending_read_misses(const struct pending_read *read, uint64_t block)
{
	uint64_t i = block - read->demand.start;

	return block >= read->demand.start && i < read->demand.count &&
	       (read->missing[i / 64] >> (i % 64) & 1);
}

/* The part of one block that lies within the read. */
static uint64_t copy_block(struct pending_read *read, uint64_t block, const uint8_t *bytes)
{
	uint64_t from = block * STORE_BLOCK, to = from + STORE_BLOCK;
	uint64_t end = read->offset + read->count;

	if (from < read->offset)
		from = read->offset;
	if (to > end)
		to = end;
	memcpy(read->buf + (from - read->offset), bytes + (from - block * STORE_BLOCK), to - from);
	return to - from;
}

uint64_t pending_read_deliver(struct pending_read *read, uint64_t start, uint32_t count,
			const uint8_t *bytes)
{
	uint64_t block = start, end = start + count, copied = 0, i;

	if (block < read->demand.start)
		block = read->demand.start;
	if (end > read->demand.start + read->demand.count)
		end = read->demand.start + read->demand.count;
	for (; block < end; block++) {
		if (!pending_read_misses(read, block))
			continue;
		copied += copy_block(read, block, bytes + (block - start) * STORE_BLOCK);
		i = block - read->demand.start;
		read->missing[i / 64] &= ~(1ULL << (i % 64));
		read->left--;
	}
	return copied;
}
