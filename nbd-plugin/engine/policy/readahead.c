/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stddef.h>

#include "engine/policy/readahead.h"

/* Returns the stream that continues at start, or NULL. */
static struct readahead_stream *find(struct readahead *r, uint64_t start)
{
	struct readahead_stream *s, *end = r->streams + READAHEAD_STREAMS;

	for (s = r->streams; s < end; s++)
		if (s->used && start >= s->next &&
		    (start <= s->next + READAHEAD_GAP || start < s->ahead))
			return s;
	return NULL;
}

static void judge(struct readahead *r, const struct readahead_stream *s)
{
	if (!s->issued)
		return;
	if ((s->ahead - s->next) * 2 > s->issued) {
		if (r->caution < READAHEAD_CAUTION_MAX)
			r->caution++;
	} else if (r->caution) {
		r->caution--;
	}
}

static void begin(struct readahead *r, uint64_t end)
{
	struct readahead_stream *s = r->streams, *oldest = s;

	for (; s < r->streams + READAHEAD_STREAMS; s++)
		if (s->used < oldest->used)
			oldest = s;
	judge(r, oldest);
	*oldest = (struct readahead_stream){ .next = end, .ahead = end, .used = r->clock };
}

bool readahead_touch(struct readahead *r, uint64_t start, uint64_t end,
		     uint32_t most_blocks, struct range *out)
{
	struct readahead_stream *s = find(r, start);

	r->clock++;
	if (!s) {
		begin(r, end);
		return false;
	}
	s->used = r->clock;
	s->next = end;
	if (s->ahead < end)
		s->ahead = end;
	if (++s->steps <= r->caution || s->ahead - s->next > s->window / 2)
		return false;
	s->window = s->window ? s->window * 2 : READAHEAD_FIRST;
	if (s->window > most_blocks >> r->caution)
		s->window = most_blocks >> r->caution;
	if (s->next + s->window <= s->ahead)
		return false;
	*out = (struct range){ s->ahead, s->next + s->window };
	s->issued += (uint32_t)(out->end - out->start);
	s->ahead = out->end;
	return true;
}
