/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The congestion window: how many requested bytes may be in flight.  A request cannot be
 * taken back.  With too many bytes in flight a demand waits behind them, with too few the
 * link is idle.  The window is what the link carries in one round trip, and a little more.
 *
 *   starting: 64 KiB, more with a long round trip, ──► steady: rate × (round trip
 *             plus one byte for each that arrived        + 100 ms) × gain
 *                                 when the rate no longer grows
 *
 * A request on a connection in slow start takes several round trips, and the rate of such
 * requests is not the rate of the link.  Therefore the gain grows while responses arrive
 * without delay: then the queue of the link is empty, and the link can carry more.
 *
 * One thread: the fetch thread.  No I/O and no locks; nothing blocks.  The caller passes
 * the time in monotonic milliseconds.  A zeroed struct is a new window.
 */
#ifndef FARROOT_CONGESTION_WINDOW_H
#define FARROOT_CONGESTION_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define CWND_SAMPLES 8
/* The limits of a request: a smaller one costs too many headers, a larger one delays the
 * next demand.
 */
#define CWND_REQUEST_MIN (16U << 10)
#define CWND_REQUEST_MAX (1U << 20)
/* The size of a demand request before the rate is known. */
#define CWND_REQUEST_FIRST (64U << 10)

struct congestion_window {
	uint64_t bytes_per_s;		/* the highest of samples; 0: not known yet */
	unsigned rtt_ms;
	bool steady;
	uint64_t samples[CWND_SAMPLES];
	unsigned next, flat;
	bool measuring;
	uint64_t since_ms, bytes, bytes_then, least_due;
	uint64_t base_bytes;		/* bytes that had arrived at the start or restart */
	unsigned gain;		/* 1/16 */
	uint64_t gain_changed_ms;
};

/* Takes a measurement; must be called in each iteration of the loop.  bytes: all bytes that
 * have arrived; due: bytes that were requested and have not arrived; rtt_ms: the
 * shortest known round trip (0: not known); delay_ms: the recent round trip.
 */
void cwnd_update(struct congestion_window *cwnd, uint64_t now_ms, uint64_t bytes, uint64_t due,
		 unsigned rtt_ms, unsigned delay_ms);

/* Starts from the beginning, after an outage: every connection is new and in slow start,
 * and the link may be another one.  The first rate must not be taken for that of the link.
 */
void cwnd_restart(struct congestion_window *cwnd);

/* Returns the window in bytes: background requests wait while more bytes are due. */
uint64_t cwnd_bytes(const struct congestion_window *cwnd);

/* Returns how many background requests may be in flight: at most most. */
unsigned cwnd_background_requests(const struct congestion_window *cwnd, unsigned most);

/* Returns the largest size of one background request in bytes.  most: as above. */
uint32_t cwnd_background_bytes(const struct congestion_window *cwnd, unsigned most);

/* Returns the largest size of one demand request in bytes: 250 ms of the link. */
uint32_t cwnd_demand_bytes(const struct congestion_window *cwnd);

/* Returns whether the link has so high a bandwidth and latency that bytes bytes arrive
 * sooner than a boot without a profile finishes its sequential reads.  Also true, while the
 * rate is not known, if the round trip is 400 ms or longer.
 */
bool cwnd_is_far_but_fast(const struct congestion_window *cwnd, uint64_t bytes);

#endif
