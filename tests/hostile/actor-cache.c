/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A cache before the server, which has slices of an older image, until the origin heals.  It may
 * pass on requests with Cache-Control: no-cache.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "actors.h"

#define SLICE_BYTES (64U << 10)
#define PIECE_BYTES (16U << 10)

static bool is_stale(const struct nature *n, uint64_t slice)
{
	struct prng r = prng_of(n->seed, 1000 + slice);

	return prng_percent(&r, n->stale_percent);
}

static bool any_is_stale(const struct nature *n, const struct hostile_request *q)
{
	uint64_t slice;

	for (slice = q->first / SLICE_BYTES; slice <= q->last / SLICE_BYTES; slice++)
		if (is_stale(n, slice))
			return true;
	return false;
}

/* A cache does not mix: the answer is of the older image, which differs in its stale slices. */
static bool send_older(const struct nature *n, const struct hostile_request *q)
{
	uint8_t piece[PIECE_BYTES];
	uint64_t at, i, count;

	for (at = q->first; at <= q->last; at += count) {
		count = q->last - at + 1 < sizeof piece ? q->last - at + 1 : sizeof piece;
		memcpy(piece, q->image + at, count);
		for (i = 0; i < count; i++)
			if (is_stale(n, (at + i) / SLICE_BYTES))
				piece[i] ^= 0x55;
		if (!hostile_send(q, piece, count))
			return false;
	}
	return true;
}

static enum hostile_after answer(const struct nature *n, const struct hostile_request *q)
{
	char head[256];

	snprintf(head, sizeof head, "HTTP/1.1 206 Partial Content\r\nAge: 86400\r\nETag: \"older\"\r\n"
		 "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n"
		 "Content-Length: %" PRIu64 "\r\n\r\n", q->first, q->last,
		 q->image_bytes + n->stale_more, q->last - q->first + 1);
	return hostile_send(q, head, strlen(head)) && send_older(n, q) ? AFTER_KEEP : AFTER_CLOSE;
}

bool actor_cache_answer(struct actors *a, struct hostile_request *q, enum hostile_after *after)
{
	const struct nature *n = &a->nature;

	if (*q->healed || !q->ranged || !n->stale_percent || !any_is_stale(n, q) ||
	    (n->asks_again && strcasestr(q->text, "no-cache")))
		return false;
	*after = answer(n, q);
	q->decision.kind = HOSTILE_REPLACED;
	return true;
}
