/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Pauses that grow with each failure.
 */
#ifndef FARROOT_BACKOFF_H
#define FARROOT_BACKOFF_H

#include <stdint.h>

/* Returns first_ms, doubled for each of the pauses before this one, but at most most_ms. */
static inline uint64_t backoff_ms(uint64_t first_ms, uint64_t most_ms, unsigned pauses_before)
{
	uint64_t ms = first_ms;

	while (pauses_before-- && ms < most_ms)
		ms *= 2;
	return ms < most_ms ? ms : most_ms;
}

/* A server asked to be left alone for wish_ms.  Returns the pause: up to a tenth longer, so that
 * machines that asked it together do not come back together.  random is any random number.
 */
static inline uint64_t backoff_wish_ms(uint64_t wish_ms, uint64_t random)
{
	return wish_ms + random % (wish_ms / 10 + 1);
}

#endif
