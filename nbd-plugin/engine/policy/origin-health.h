/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Decides which origin is asked next, and when.
 *
 *             success            backoff expires
 *   healthy ◄───────── probing ◄──────── in backoff (until next_try_ms)
 *      │                  │                 ▲
 *      └────── fault ─────┴──── fault ──────┘
 *
 * A healthy origin gets any number of requests.  A failed origin gets none during its
 * backoff, and then a single request, whose result decides.  The order of url= is the
 * order of preference, so traffic returns to the first origin when it works again.  An
 * origin whose block did not verify stays usable, because one bad block must not exclude
 * the good blocks, but it is the last choice for 30 s.
 *
 * One thread: the fetch thread.  No I/O and no locks; nothing blocks.  The caller owns the
 * array of origins, and passes the time (monotonic milliseconds) and the random numbers.
 * A zeroed struct is a healthy origin.
 */
#ifndef FARROOT_ORIGIN_HEALTH_H
#define FARROOT_ORIGIN_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/fault.h"

struct origin_health {
	unsigned failures;	/* in a row; 0 = healthy */
	uint64_t since_ms;	/* time of the first of them */
	uint64_t next_try_ms;
	uint64_t demoted_until_ms;
	uint64_t asked_until_ms;	/* Retry-After */
	uint64_t corrupt_until_ms;	/* too many corrupt bytes: no request before, but probes */
	uint64_t corrupt_probe_ms;	/* the time of the next of them */
	uint64_t corrupt_bytes;		/* less an eighth of the verified bytes */
	unsigned corrupt_times;		/* number of pauses because of them */
	bool corrupt_probed;		/* a probe was sent in this pause */
	bool probing;		/* its single request is in flight */
};

/* Returns the origin to ask at now_ms, or -1 if all are in backoff or probing.  avoid: an
 * origin to ask only if no other healthy origin exists; -1 for none.
 */
int origin_health_pick(const struct origin_health *h, size_t count, uint64_t now_ms, int avoid);

/* Returns an origin whose backoff has expired while another origin is healthy, or -1.
 * Probe it with a separate request so that no client read pays for the test.
 */
int origin_health_due(const struct origin_health *h, size_t count, uint64_t now_ms);

/* Returns whether an origin other than origin (-1: any origin) is healthy. */
bool origin_health_any_but(const struct origin_health *h, size_t count, int origin);

/* Returns the milliseconds until origin_health_pick can return an origin; 0 if it can now,
 * UINT64_MAX if only the end of a request can change its result.
 */
uint64_t origin_health_wait(const struct origin_health *h, size_t count, uint64_t now_ms);

/* A request to this origin was successful. */
void origin_health_success(struct origin_health *h);

/* A request to this origin failed.  Returns the backoff in milliseconds: 0.5 s, doubling
 * up to rest_max_ms.  For an unreachable origin it is also limited to 0.5 s + 1/64 of the
 * time since its first failure, so that an outage is not prolonged.  A jitter of up to half
 * is subtracted; random is any random number.  If the server asked for a longer time,
 * retry_after_ms (0: none), the backoff is that time, and up to a tenth more.
 */
uint64_t origin_health_failure(struct origin_health *h, enum fault fault, uint64_t now_ms,
			uint64_t rest_max_ms, uint64_t retry_after_ms,
			unsigned random);

/* A block of this origin did not verify.  When the corrupt bytes exceed 4 MiB and an eighth
 * of the verified bytes, the origin gets no request for 1 s, doubling up to 10 min each time
 * that more corrupt bytes come; but every 30 s one for a single block, and if this block verifies,
 * the pause has ended.
 */
void origin_health_corrupt(struct origin_health *h, uint64_t now_ms, uint64_t bytes);
/* Bytes of this origin have verified. */
void origin_health_verified(struct origin_health *h, uint64_t bytes);
/* Whether an origin may get only one request at a time, because of its corrupt bytes. */
bool origin_health_is_corrupt(const struct origin_health *h);
/* Whether it may get only requests for a single block, such as probes. */
bool origin_health_is_in_corrupt_pause(const struct origin_health *h, uint64_t now_ms);
/* A request was sent to this origin. */
void origin_health_sent(struct origin_health *h, uint64_t now_ms);

/* No other origin is healthy any more: ends the backoff of this one at_ms, unless its server has
 * asked for a longer time.
 */
void origin_health_hurry(struct origin_health *h, uint64_t at_ms);

/* A network link came up: ends the backoff of every origin, but not the time that a server
 * has asked for.
 */
void origin_health_reset(struct origin_health *h, size_t count);

#endif
