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
#define PENDING_READ_MAX_BYTES (32U << 20)
#define PENDING_READ_MAX_BLOCKS (PENDING_READ_MAX_BYTES / STORE_BLOCK + 1)
#define PENDING_READ_WORDS ((PENDING_READ_MAX_BLOCKS + 63) / 64)

struct pending_read {
	struct demand want;		/* first: the plan links it in */
	struct pending_read *next_in_inbox;
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
	uint64_t missing[PENDING_READ_WORDS];
};

/* Nothing missing yet; count > 0 and <= PENDING_READ_MAX_BYTES. */
void pending_read_init(struct pending_read *w, void *buf, uint32_t count, uint64_t offset);
void pending_read_destroy(struct pending_read *w);

/* This block has to be fetched. */
void pending_read_miss(struct pending_read *w, uint64_t block);
bool pending_read_misses(const struct pending_read *w, uint64_t block);

/* Copies what it misses of these blocks; bytes begin with block start.  Returns
 * the bytes copied.
 */
uint64_t pending_read_deliver(struct pending_read *w, uint64_t start, uint32_t count,
			const uint8_t *bytes);

#endif
