/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * How much may be under way at once.  Bytes that were asked for cannot be un-asked:
 * with too many of them a demand waits behind the rest, with too few the link
 * stands idle.  So: what the link carries in one round trip, and a little more.
 * Pure: the caller has the clock (monotonic milliseconds) and does the asking.
 *
 *   starting: 64 KiB, more on a far link, and ──► steady: rate × (round trip
 *             one more byte for each that came      + 100 ms) × gain
 *                                 when the rate grows no more
 *
 * A request whose connection has not found its speed takes several round trips,
 * and the rate that such requests bring must not be taken for that of the link.  So the
 * gain grows as long as answers come without delay: then nothing waits in the
 * queue of the link, which could carry more.
 */
#ifndef FARROOT_CONGESTION_WINDOW_H
#define FARROOT_CONGESTION_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define CWND_SAMPLES 8
/* No request is smaller, or larger: headers cost, and so does waiting. */
#define CWND_REQUEST_MIN (16U << 10)
#define CWND_REQUEST_MAX (1U << 20)
/* As long as nothing is known. */
#define CWND_REQUEST_FIRST (64U << 10)

struct congestion_window {
	uint64_t bytes_per_s;		/* the best of samples; 0: not known yet */
	unsigned rtt_ms;
	bool steady;
	uint64_t samples[CWND_SAMPLES];
	unsigned next, flat;
	bool measuring;
	uint64_t since_ms, bytes, bytes_then, least_due;
	uint64_t base_bytes;		/* had come when this link began */
	unsigned gain;		/* in sixteenths */
	uint64_t gain_changed_ms;
};

/* Call often: bytes that have come in all, bytes that were asked for and have
 * not come yet, the shortest round trip known (0: none), and that of late.
 */
void cwnd_update(struct congestion_window *cwnd, uint64_t now_ms, uint64_t bytes, uint64_t due,
		 unsigned rtt_ms, unsigned delay_ms);

/* After an outage: begin again.  Every connection is a new one, whose TCP has to feel
 * its way, and the link may be another one; what those bring at first must not be
 * taken for what the link carries.
 */
void cwnd_restart(struct congestion_window *cwnd);

/* So many bytes may be due before background requests have to wait. */
uint64_t cwnd_bytes(const struct congestion_window *cwnd);

/* How many background requests may be under way, where most is as many as ever. */
unsigned cwnd_background_requests(const struct congestion_window *cwnd, unsigned most);

/* The most that one of them may ask for. */
uint32_t cwnd_background_bytes(const struct congestion_window *cwnd, unsigned most);

/* The most that one demand may ask for: a quarter of a second of the link. */
uint32_t cwnd_demand_bytes(const struct congestion_window *cwnd);

/* Whether so many bytes come sooner than a boot without a profile would be through with
 * its round trips, one after another; of a far link also as long as nobody knows.
 */
bool cwnd_is_far_but_fast(const struct congestion_window *cwnd, uint64_t bytes);

#endif
