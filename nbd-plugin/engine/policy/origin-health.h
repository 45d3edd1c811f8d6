/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Which origin to ask next, and when.  Pure: the caller owns the array, the
 * clock (monotonic milliseconds) and the randomness.
 *
 *             success                    fault
 *   healthy ◄───────── probing ◄──────── resting (until next_try)
 *      │                  │    time is up   ▲
 *      └────── fault ─────┴──── fault ──────┘
 *
 * A healthy origin gets any number of requests.  One that failed rests, then
 * gets a single request; its answer decides.  The order in which the user named
 * the origins is the order of preference, so traffic comes back to the first
 * one.  An origin that sent corrupt bytes stays usable (one bad block must not
 * cut off the good ones) but comes last for a while.
 */
#ifndef FARROOT_ORIGIN_HEALTH_H
#define FARROOT_ORIGIN_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/fault.h"

struct origin_health {
	unsigned failures;	/* in a row; 0 = healthy */
	uint64_t since_ms;	/* when they began */
	uint64_t next_try_ms;
	uint64_t demoted_until_ms;
	bool probing;		/* its single request is under way */
};

/* The origin to ask at now_ms, or -1 when all rest or are being probed.
 * avoid: an origin to ask only if there is no other; -1 for none.
 */
int origin_health_pick(const struct origin_health *h, size_t count, uint64_t now_ms, int avoid);

/* An origin that has rested enough while a better-placed request path exists:
 * worth a probe of its own, so that no demand has to find out.  -1 if none.
 */
int origin_health_due(const struct origin_health *h, size_t count, uint64_t now_ms);

/* Whether an origin other than this one (-1: any at all) is healthy. */
bool origin_health_any_but(const struct origin_health *h, size_t count, int origin);

/* Milliseconds from now until origin_health_pick may say otherwise; 0 if it can now,
 * UINT64_MAX if only the end of a request can change it.
 */
uint64_t origin_health_wait(const struct origin_health *h, size_t count, uint64_t now_ms);

void origin_health_success(struct origin_health *h);

/* Returns the milliseconds it will rest: 0.5 s doubling to rest_max_ms, but if it
 * cannot be reached no more than 0.5 s and a 64th of the time that this has lasted, so
 * that an outage is not drawn out; each with a jitter of half (random: any number), or retry_after_ms if the server
 * asked for more, within rest_max_ms.
 */
uint64_t origin_health_failure(struct origin_health *h, enum fault fault, uint64_t now_ms,
			uint64_t rest_max_ms, uint64_t retry_after_ms,
			unsigned random);

/* The link came up: whatever rests may be asked at once. */
void origin_health_reset(struct origin_health *h, size_t count);

#endif
