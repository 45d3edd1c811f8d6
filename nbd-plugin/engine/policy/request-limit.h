/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * How many requests at once an origin takes, as far as it has shown: it falls when the origin
 * refuses one of several, and rises by one after a number of good answers, more slowly after
 * each fall, because the cause may have been a moment's load.  All zero: no limit is known.
 * One thread; nothing blocks.
 */
#ifndef FARROOT_REQUEST_LIMIT_H
#define FARROOT_REQUEST_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct request_limit {
	unsigned requests;	/* at once; 0: no limit known */
	unsigned answers;	/* good ones since the limit changed */
	unsigned raise_after;	/* number of good answers after which the limit rises; 0: default */
	uint64_t lowered_ms;	/* when a request beside others was last refused */
};

/* One request beside others, at least 1, was refused: their number is the limit, if it is
 * less than the one known.
 */
void request_limit_lower(struct request_limit *limit, unsigned others, uint64_t now_ms);

/* Whether a refused request that is alone now was one of several that were refused together. */
bool request_limit_explains(const struct request_limit *limit, uint64_t sent_ms);

/* The origin has answered well. */
void request_limit_answer(struct request_limit *limit);

/* The last request, too, has failed, by a fault of the link.  If this comes soon after the
 * limit fell, the refusals before were those of a server that ends: no limit is known.
 */
void request_limit_fail(struct request_limit *limit, uint64_t now_ms);

#endif
