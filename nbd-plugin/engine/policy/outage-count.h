/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Counts outages and the time spent in them.  An outage counts when it delays something: no
 * origin can be used, and a block is needed.  It remains the same outage until an origin has
 * answered, even if no block is needed for a while.
 *
 * Pure: no clock, no I/O.  Times are monotonic milliseconds, > 0.  A zeroed struct has counted
 * none.
 */
#ifndef FARROOT_OUTAGE_COUNT_H
#define FARROOT_OUTAGE_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct outage_count {
	uint64_t outages;
	uint64_t total_ms;	/* in them, up to the last update */
	uint64_t last_ms;	/* of the last update, if it was in an outage; 0: it was not */
	bool is_counted;	/* the present outage is */
};

/* no_origin: none can be used.  is_needed: and a block is needed.  Call it often: a time
 * between two calls counts if the first of them was in an outage.
 */
void outage_count_update(struct outage_count *count, bool no_origin, bool is_needed, uint64_t now_ms);

#endif
