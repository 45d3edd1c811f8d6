/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stddef.h>

#include "engine/fetch/inflight-set.h"

void inflight_set_add(struct inflight_set *s, struct inflight *inflight)
{
	inflight->next = s->first;
	s->first = inflight;
	s->count++;
	if (!inflight->ended)
		s->active[inflight->class]++;
}

void inflight_set_end(struct inflight_set *s, struct inflight *inflight, enum fault fault)
{
	inflight->ended = true;
	inflight->fault = fault;
	s->active[inflight->class]--;
}

/* Takes out the one that *at points to. */
static struct inflight *unlink_at(struct inflight_set *s, struct inflight **at)
{
	struct inflight *inflight = *at;

	*at = inflight->next;
	s->count--;
	if (!inflight->ended)
		s->active[inflight->class]--;
	return inflight;
}

void inflight_set_reap(struct inflight_set *s)
{
	struct inflight **at = &s->first;

	while (*at) {
		if ((*at)->ended && (*at)->judged == (*at)->count)
			inflight_free(unlink_at(s, at));
		else
			at = &(*at)->next;
	}
}

struct inflight *inflight_set_pop(struct inflight_set *s)
{
	return s->first ? unlink_at(s, &s->first) : NULL;
}

void inflight_set_free(struct inflight_set *s)
{
	buffer_pool_free(&s->buffers);
}

static unsigned active_from(const struct inflight_set *s, unsigned class)
{
	unsigned n = 0;

	for (; class < REQUEST_CLASSES; class++)
		n += s->active[class];
	return n;
}

unsigned inflight_set_active(const struct inflight_set *s)
{
	return active_from(s, 0);
}

unsigned inflight_set_active_background(const struct inflight_set *s)
{
	return active_from(s, CLASS_READAHEAD);
}

uint64_t inflight_set_due_bytes(const struct inflight_set *s)
{
	const struct inflight *inflight;
	uint64_t due = 0;

	for (inflight = s->first; inflight; inflight = inflight->next)
		if (!inflight->ended)
			due += inflight->request.length - inflight->received;
	return due;
}

uint64_t inflight_set_blocks(const struct inflight_set *s)
{
	const struct inflight *inflight;
	uint64_t blocks = 0;

	for (inflight = s->first; inflight; inflight = inflight->next)
		blocks += inflight->count;
	return blocks;
}
