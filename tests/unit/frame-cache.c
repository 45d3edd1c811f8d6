/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/export/frame-cache.h"

#define BYTES 10000U

static struct frame_cache cache;

/* A frame that is cached and not held. */
static struct frame *add(uint32_t index)
{
	struct frame *f = calloc(1, sizeof *f);

	f->at = (struct seek_frame){ .index = index, .bytes = BYTES };
	f->bytes = malloc(BYTES);
	frame_cache_add(&cache, f);
	frame_cache_count(&cache, f);
	frame_cache_release(&cache, f);
	return f;
}

static bool has(uint32_t index)
{
	struct frame *f = frame_cache_find(&cache, index);

	CHECK(!f || f->at.index == index);
	return f;
}

static void use(uint32_t index)
{
	struct frame *f = frame_cache_find(&cache, index);

	CHECK(f);
	frame_cache_hold(&cache, f);
	frame_cache_release(&cache, f);
}

/* Ten frames fit. */
static void begin(void)
{
	cache = (struct frame_cache){ .capacity_bytes = 10 * (BYTES + 512) };
}

static void frees_the_oldest(void)
{
	uint32_t i;

	begin();
	for (i = 0; i < 10; i++)
		add(i);
	CHECK(has(0) && has(9));
	use(0);
	use(2);
	add(10);
	add(FRAME_CACHE_BUCKETS);	/* in the bucket of frame 0 */
	CHECK(!has(1) && !has(3));
	CHECK(has(0) && has(2) && has(4) && has(10) && has(FRAME_CACHE_BUCKETS));
	CHECK(cache.used_bytes <= cache.capacity_bytes);
	CHECK(cache.used_bytes > 9 * BYTES);
	frame_cache_free(&cache);
	CHECK_EQ(cache.used_bytes, 0);
	CHECK(!has(0));
}

static void keeps_what_is_held(void)
{
	struct frame *held, *removed;
	uint32_t i;

	begin();
	held = add(0);
	frame_cache_hold(&cache, held);
	frame_cache_hold(&cache, held);
	removed = add(1);
	frame_cache_hold(&cache, removed);
	frame_cache_remove(&cache, removed);
	CHECK(!has(1));
	add(1);
	for (i = 2; i < 40; i++)
		add(i);
	CHECK(has(0) && !has(1));
	CHECK(cache.used_bytes <= cache.capacity_bytes);
	removed->bytes[BYTES - 1] = held->bytes[0] = 1;
	frame_cache_release(&cache, removed);
	frame_cache_release(&cache, held);
	for (i = 40; i < 60; i++)
		add(i);
	CHECK(has(0));
	frame_cache_release(&cache, held);
	CHECK(has(0));
	for (i = 60; i < 70; i++)
		add(i);
	CHECK(!has(0));
	frame_cache_free(&cache);
	CHECK_EQ(cache.used_bytes, 0);
}

int main(void)
{
	frees_the_oldest();
	keeps_what_is_held();
	return 0;
}
