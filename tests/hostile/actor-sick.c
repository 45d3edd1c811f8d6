/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A server with bad blocks on its disk: these blocks of the image are wrong in each answer, until the
 * origin heals.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "actors.h"

#define BLOCK_BYTES 4096ULL

bool actor_sick_answer(struct actors *a, struct hostile_request *q, enum hostile_after *after)
{
	uint64_t from = a->nature.sick_block * BLOCK_BYTES, to = from + a->nature.sick_blocks * BLOCK_BYTES;
	uint64_t end = q->last + 1;
	uint8_t *body;

	if (*q->healed || !q->ranged || from == to || end <= from || q->first >= to)
		return false;
	body = malloc(end - q->first);
	if (!body)
		abort();
	memcpy(body, q->image + q->first, end - q->first);
	from = from > q->first ? from : q->first;
	to = to < end ? to : end;
	memset(body + (from - q->first), 0x5a, to - from);
	*after = hostile_reply_range(q, body);
	free(body);
	q->decision.kind = HOSTILE_FLIP;
	return true;
}
