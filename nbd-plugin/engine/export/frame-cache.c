/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdlib.h>

#include "engine/export/frame-cache.h"

/* What a frame costs beside its bytes: frames may be tiny. */
#define OVERHEAD (sizeof(struct frame) + 32)

static struct frame **bucket(struct frame_cache *c, uint32_t index)
{
	return &c->buckets[index % FRAME_CACHE_BUCKETS];
}

static void destroy(struct frame_cache *c, struct frame *f)
{
	if (f->state == FRAME_CACHED)
		c->used_bytes -= f->at.bytes + OVERHEAD;
	free(f->bytes);
	free(f->compressed);
	free(f);
}

struct frame *frame_cache_find(const struct frame_cache *c, uint32_t index)
{
	struct frame *f = c->buckets[index % FRAME_CACHE_BUCKETS];

	while (f && f->at.index != index)
		f = f->next;
	return f;
}

void frame_cache_add(struct frame_cache *c, struct frame *f)
{
	struct frame **first = bucket(c, f->at.index);

	f->next = *first;
	*first = f;
	f->is_listed = true;
	f->holds = 1;
}

static void unlist(struct frame_cache *c, struct frame *f)
{
	struct frame **at = bucket(c, f->at.index);

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	f->is_listed = false;
}

static void make_busy(struct frame_cache *c, struct frame *f)
{
	*(f->newer ? &f->newer->older : &c->newest) = f->older;
	*(f->older ? &f->older->newer : &c->oldest) = f->newer;
	f->is_idle = false;
}

static void make_idle(struct frame_cache *c, struct frame *f)
{
	f->newer = NULL;
	f->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = f;
	c->newest = f;
	f->is_idle = true;
}

void frame_cache_remove(struct frame_cache *c, struct frame *f)
{
	if (f->is_listed)
		unlist(c, f);
}

void frame_cache_count(struct frame_cache *c, struct frame *f)
{
	f->state = FRAME_CACHED;
	c->used_bytes += f->at.bytes + OVERHEAD;
}

void frame_cache_touch(struct frame_cache *c, struct frame *f)
{
	if (!f->is_idle || c->newest == f)
		return;
	make_busy(c, f);
	make_idle(c, f);
}

void frame_cache_hold(struct frame_cache *c, struct frame *f)
{
	if (f->is_idle)
		make_busy(c, f);
	f->holds++;
}

void frame_cache_release(struct frame_cache *c, struct frame *f)
{
	struct frame *oldest;

	if (--f->holds)
		return;
	if (!f->is_listed) {
		destroy(c, f);
		return;
	}
	make_idle(c, f);
	while (c->used_bytes > c->capacity_bytes && c->oldest) {
		oldest = c->oldest;
		make_busy(c, oldest);
		unlist(c, oldest);
		destroy(c, oldest);
	}
}

void frame_cache_free(struct frame_cache *c)
{
	struct frame *f;

	while ((f = c->oldest)) {
		make_busy(c, f);
		unlist(c, f);
		destroy(c, f);
	}
}
