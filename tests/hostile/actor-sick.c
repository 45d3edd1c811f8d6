/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A server with bad blocks on its disk: these blocks of the image are wrong in each answer, until the
 * origin heals.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "actors.h"

#define BLOCK_BYTES 4096ULL

/* Sends up to a place in the image. */
static bool send_to(const struct hostile_request *q, uint64_t *at, uint64_t end)
{
	uint64_t from = *at;

	if (end > q->last + 1)
		end = q->last + 1;
	if (end <= from)
		return true;
	*at = end;
	return hostile_send(q, q->image + from, end - from);
}

static bool send_sick(const struct hostile_request *q, uint64_t start, uint64_t end)
{
	uint8_t wrong[BLOCK_BYTES];
	uint64_t at = q->first, count;

	memset(wrong, 0x5a, sizeof wrong);
	if (!send_to(q, &at, start))
		return false;
	if (end > q->last + 1)
		end = q->last + 1;
	for (; at < end; at += count) {
		count = end - at < sizeof wrong ? end - at : sizeof wrong;
		if (!hostile_send(q, wrong, count))
			return false;
	}
	return send_to(q, &at, q->last + 1);
}

bool actor_sick_answer(struct actors *a, struct hostile_request *q, enum hostile_after *after)
{
	uint64_t start = a->nature.sick_block * BLOCK_BYTES, end = start + a->nature.sick_blocks * BLOCK_BYTES;
	char head[256];

	if (*q->healed || !q->ranged || start == end || q->last < start || q->first >= end)
		return false;
	snprintf(head, sizeof head, "HTTP/1.1 206 Partial Content\r\nETag: \"image\"\r\n"
		 "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n"
		 "Content-Length: %" PRIu64 "\r\n\r\n", q->first, q->last, q->image_bytes,
		 q->last - q->first + 1);
	*after = hostile_send(q, head, strlen(head)) && send_sick(q, start, end) ? AFTER_KEEP : AFTER_CLOSE;
	q->decision.kind = HOSTILE_FLIP;
	return true;
}
