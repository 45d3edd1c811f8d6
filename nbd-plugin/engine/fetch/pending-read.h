/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A read that waits.  The reader makes it on its stack and hands it to the fetch
 * thread; from then on the fetch thread owns it, buffer included, until it says
 * done.  Bytes are copied straight into the reader's buffer when they have
 * verified, so that no eviction can come in between.
 *
 *   reader:  fill in ──► submit ──► wait ────────────────► done: read result
 *   fetch:                 └──► admitted ──► delivered ──► done
 */
#ifndef FARROOT_PENDING_READ_H
#define FARROOT_PENDING_READ_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/policy/block-scheduler.h"

/* The most that one waiter may ask for. */
#define WAITER_MAX_BYTES (32U << 20)
#define WAITER_MAX_BLOCKS (WAITER_MAX_BYTES / STORE_BLOCK + 1)
#define WAITER_WORDS ((WAITER_MAX_BLOCKS + 63) / 64)

struct waiter {
	struct want want;		/* first: the plan links it in */
	struct waiter *next_in_inbox;
	uint8_t *buf;
	uint64_t offset;
	uint32_t count;			/* bytes */
	uint32_t left;			/* blocks still missing */
	uint64_t since_ms;
	/* done and result: under the lock of whoever passes it over. */
	_Atomic bool cancelled;		/* the reader has lost patience */
	bool done;
	int result;			/* 0 or -errno, once done */
	pthread_cond_t wake;
	uint64_t missing[WAITER_WORDS];
};

/* Nothing missing yet; count > 0 and <= WAITER_MAX_BYTES. */
void waiter_init(struct waiter *w, void *buf, uint32_t count, uint64_t offset);
void waiter_destroy(struct waiter *w);

/* This block has to be fetched. */
void waiter_miss(struct waiter *w, uint64_t block);
bool waiter_misses(const struct waiter *w, uint64_t block);

/* Copies what it misses of these blocks; bytes begin with block start.  Returns
 * the bytes copied.
 */
uint64_t waiter_deliver(struct waiter *w, uint64_t start, uint32_t count,
			const uint8_t *bytes);

#endif
