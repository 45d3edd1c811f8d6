/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The clock for time-outs and measurements.
 */
#ifndef FARROOT_CLOCK_H
#define FARROOT_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Return monotonic time since an unspecified moment.  Any thread; does not block. */
static inline uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_ms(void)
{
	return clock_ns() / 1000000;
}

#endif
