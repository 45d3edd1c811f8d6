/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A pending read: a read that waits for blocks.  A reader's thread makes it and hands it over
 * through the inbox.  From then on the fetch thread owns it, with its buffer, until done is
 * true, or, if it has a callback, until the callback is called.  Bytes are copied to the
 * reader's buffer at the moment they verify, so no eviction can remove them before.
 *
 *   reader:  init, miss ──► inbox_wait ────────────────► done: result
 *   fetch:                    └──► admitted ──► delivered ──► done
 *   reader:  init, miss ──► inbox_submit     or          └──► on_done(read, result)
 */
#ifndef FARROOT_PENDING_READ_H
#define FARROOT_PENDING_READ_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/policy/block-scheduler.h"

/* The most that one pending read may ask for. */
#define PENDING_READ_MAX_BYTES (32U << 20)
#define PENDING_READ_MAX_BLOCKS (PENDING_READ_MAX_BYTES / STORE_BLOCK + 1)
#define PENDING_READ_WORDS ((PENDING_READ_MAX_BLOCKS + 63) / 64)

struct pending_read {
	struct demand demand;		/* first: the scheduler links it in */
	struct pending_read *next_in_inbox;
	uint8_t *buf;
	uint64_t offset;
	uint32_t count;			/* bytes */
	uint32_t left;			/* blocks still missing */
	uint64_t since_ms;		/* when it was admitted */
	_Atomic bool cancelled;		/* the reader no longer wants it */
	/* NULL, or called by the fetch thread, without a lock, instead of done; it owns
	 * the read then.
	 */
	void (*on_done)(struct pending_read *read, int result);
	/* The next three are for inbox.c, under its lock. */
	bool done;
	int result;			/* 0 or -errno; valid if done */
	pthread_cond_t wake;
	uint64_t missing[PENDING_READ_WORDS];	/* a bit per block */
};

/* No block is missing yet.  count > 0 and <= PENDING_READ_MAX_BYTES. */
void pending_read_init(struct pending_read *read, void *buf, uint32_t count, uint64_t offset);
void pending_read_destroy(struct pending_read *read);

/* The read whose demand this is. */
static inline struct pending_read *pending_read_of(struct demand *demand)
{
	return (struct pending_read *)demand;
}

/* This block of the read is missing. */
void pending_read_miss(struct pending_read *read, uint64_t block);
bool pending_read_misses(const struct pending_read *read, uint64_t block);

/* Copies those of these blocks that the read misses; bytes begin with block start.
 * Returns the bytes copied.
 */
uint64_t pending_read_deliver(struct pending_read *read, uint64_t start, uint32_t count,
			      const uint8_t *bytes);

#endif
