/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Decides what a store in memory does when the machine's memory gets short: first the fill
 * waits, then the store gives bytes back.
 *
 *             memory is short, or what is to come would not fit
 *    fills ─────────────────────────────────────────────────────► holds ──┐ short for 5 s: gives back,
 *      ▲                                                           │  ▲   │ once in 5 s
 *      └───────────────────────────────────────────────────────────┘  └───┘
 *             enough for what is to come, for a time without a break
 *
 * Pure: no clock, no I/O and no locks.  Times are monotonic milliseconds.  One thread.  A zeroed
 * struct is the beginning.
 */
#ifndef FARROOT_MEMORY_PRESSURE_H
#define FARROOT_MEMORY_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/store/memory-state.h"

enum memory_hold {
	MEMORY_HOLD_NONE,	/* the fill may go on */
	MEMORY_HOLD_LOW,	/* what is available, less what is to come, is below the reserve */
	MEMORY_HOLD_STALL,	/* processes wait for memory */
	MEMORY_HOLD_CALM	/* there is enough again: until it has lasted */
};

/* What the store has to do with the memory. */
struct memory_use {
	uint64_t to_come_bytes;	/* that the fill would add; 0: it is off or done */
	uint64_t held_bytes;	/* in the store */
	bool is_complete;	/* the store has the whole image */
	bool may_evict;		/* the store can give back, and origins can send again what it gave */
};

struct memory_pressure {
	enum memory_hold hold;
	bool is_short;		/* there is pressure now: giving back would help */
	bool is_last;		/* and the kernel is about to kill processes */
	bool has_evicted;	/* since the hold began */
	bool was_complete;	/* the image, at some time since the hold began, or is now */
	uint64_t short_since_ms, last_since_ms, evicted_ms;
	uint64_t calm_since_ms;	/* with MEMORY_HOLD_CALM */
	uint64_t calm_ms;	/* for which there must be enough before the fill goes on; 0: the least */
};

/* The memory that is kept available for everything but the image. */
uint64_t memory_pressure_reserve_bytes(uint64_t total_bytes);

/* Takes the state of now; call it every few seconds.  A state of zeroes (not known) is no
 * pressure.  Returns the bytes that the store must give back now, mostly 0.
 */
uint64_t memory_pressure_step(struct memory_pressure *pressure, const struct memory_state *memory,
			      const struct memory_use *use, uint64_t now_ms);

/* Milliseconds until the next memory_pressure_step is necessary although nothing else happens;
 * UINT64_MAX: none is.
 */
uint64_t memory_pressure_in_ms(const struct memory_pressure *pressure, uint64_t now_ms);

#endif
