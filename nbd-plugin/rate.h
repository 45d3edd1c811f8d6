/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * How fast bytes come in, measured only while some were asked for.
 */
#ifndef FARROOT_RATE_H
#define FARROOT_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_WINDOW_MS 250
/* So much in less time is a sample too: fast links end before a window does. */
#define RATE_WINDOW_BYTES (1 << 20)
#define RATE_WINDOW_MIN_MS 10

struct rate {
	uint64_t bytes_per_s;	/* 0: not known yet */
	uint64_t since_ms, bytes_then;
	bool measuring;
};

/* Call often: how many bytes have come in all, and whether any are due. */
static inline void rate_update(struct rate *r, uint64_t now_ms, uint64_t bytes, bool busy)
{
	uint64_t sample, elapsed_ms = now_ms - r->since_ms;

	if (!r->measuring || !busy) {
		r->measuring = busy;
		r->since_ms = now_ms;
		r->bytes_then = bytes;
		return;
	}
	if (elapsed_ms < RATE_WINDOW_MIN_MS ||
	    (elapsed_ms < RATE_WINDOW_MS && bytes - r->bytes_then < RATE_WINDOW_BYTES))
		return;
	if (bytes == r->bytes_then)
		return;		/* an outage says nothing about the link */
	sample = (bytes - r->bytes_then) * 1000 / elapsed_ms;
	/* Up at once: a small request on a long link says little. */
	if (sample > r->bytes_per_s)
		r->bytes_per_s = sample;
	else
		r->bytes_per_s -= (r->bytes_per_s - sample) / 8;
	r->since_ms = now_ms;
	r->bytes_then = bytes;
}

#endif
