/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/backoff.h"
#include "engine/policy/suspects.h"

#define SUSPECT_REGION_BLOCKS 256
#define GATHER_MS 100
#define REST_FIRST_MS 500
#define REST_MAX_MS 600000
#define PROBE_MS 30000

static uint64_t region_of(uint64_t block)
{
	return block / SUSPECT_REGION_BLOCKS;
}

int suspects_init(struct suspects *s, uint64_t blocks)
{
	memset(s, 0, sizeof *s);
	/* As the bitmap, pages that are never written to cost no memory. */
	s->place = calloc(region_of(blocks) + 1, sizeof *s->place);
	return s->place ? bitmap_init(&s->is_suspect, blocks) : -ENOMEM;
}

void suspects_free(struct suspects *s)
{
	bitmap_free(&s->is_suspect);
	free(s->regions);
	free(s->place);
}

static struct suspect_region *find(const struct suspects *s, uint64_t block)
{
	uint32_t place = s->place[region_of(block)];

	return place ? &s->regions[place - 1] : NULL;
}

static struct suspect_region *add_region(struct suspects *s, uint64_t block)
{
	struct suspect_region *more = array_grow(s->regions, s->region_count, &s->region_space,
						 sizeof *more, UINT32_MAX);

	if (!more)
		return NULL;
	s->regions = more;
	s->regions[s->region_count] = (struct suspect_region){ .index = region_of(block) };
	s->place[region_of(block)] = (uint32_t)++s->region_count;
	return &s->regions[s->region_count - 1];
}

/* The last one moves to its place. */
static void remove_region(struct suspects *s, struct suspect_region *region)
{
	const struct suspect_region *last = &s->regions[--s->region_count];

	s->place[last->index] = s->place[region->index];
	s->place[region->index] = 0;
	*region = *last;
}

static uint64_t rest_of(unsigned attempts)
{
	return backoff_ms(REST_FIRST_MS, REST_MAX_MS, attempts - 1);
}

void suspects_add(struct suspects *s, uint64_t block, int origin, uint64_t now_ms)
{
	struct suspect_region *region = find(s, block);

	if (!region)
		region = add_region(s, block);
	if (!region)
		return;
	s->next_ms = 0;
	region->origin = origin;
	if (!bitmap_set(&s->is_suspect, block)) {
		region->count++;
		s->count++;
		if (!region->attempts)
			region->next_try_ms = now_ms + GATHER_MS;
		return;
	}
	/* The attempt counts from its request on, and waits from its failure on. */
	if (!region->attempts)
		region->attempts = 1;
	if (s->probe_ms <= now_ms)
		s->probe_ms = now_ms + PROBE_MS;
	region->next_try_ms = now_ms + rest_of(region->attempts);
}

bool suspects_remove(struct suspects *s, uint64_t block, uint64_t now_ms)
{
	struct suspect_region *region;

	if (!s->count || !bitmap_clear(&s->is_suspect, block))
		return false;
	s->next_ms = 0;
	s->count--;
	region = find(s, block);
	s->probe_ms = now_ms;
	if (region && !--region->count) {
		remove_region(s, region);
	} else if (region) {
		region->attempts = 0;
		region->is_probed = false;
		region->next_try_ms = now_ms;
	}
	return true;
}

/* When a block of a region may be requested. */
static uint64_t due_ms(const struct suspects *s, const struct suspect_region *region)
{
	return region->attempts && s->probe_ms < region->next_try_ms ? s->probe_ms : region->next_try_ms;
}

uint64_t suspects_due_ms(const struct suspects *s, uint64_t block)
{
	const struct suspect_region *region = suspects_has(s, block) ? find(s, block) : NULL;

	return region ? due_ms(s, region) : 0;
}

bool suspects_has_failed_again(const struct suspects *s, uint64_t block)
{
	const struct suspect_region *region = suspects_has(s, block) ? find(s, block) : NULL;

	return region && region->attempts;
}

bool suspects_must_wait(const struct suspects *s, uint64_t block, uint64_t now_ms)
{
	return now_ms < suspects_due_ms(s, block);
}

uint32_t suspects_take(struct suspects *s, uint64_t block, uint64_t now_ms, int *avoid)
{
	struct suspect_region *region = find(s, block);

	if (!region || now_ms < due_ms(s, region))
		return 0;
	*avoid = region->origin;
	if (!region->attempts)
		return (uint32_t)(suspects_region_end(block) - block);
	s->next_ms = 0;
	/* Many probes may follow each other at once: no pause becomes longer by them. */
	region->is_probed = now_ms < region->next_try_ms;
	if (region->is_probed)
		s->probe_ms = now_ms + PROBE_MS;
	else
		region->attempts++;
	/* The others of the region wait for this one. */
	region->next_try_ms = now_ms + rest_of(region->attempts);
	return 1;
}

void suspects_put_back(struct suspects *s, uint64_t block, uint64_t now_ms)
{
	struct suspect_region *region = suspects_has(s, block) ? find(s, block) : NULL;

	if (!region || (region->attempts < 2 && !region->is_probed))
		return;
	s->next_ms = 0;
	if (!region->is_probed)
		region->attempts--;
	region->next_try_ms = now_ms;
}

uint64_t suspects_region_end(uint64_t block)
{
	return (region_of(block) + 1) * SUSPECT_REGION_BLOCKS;
}

uint64_t suspects_next_ms(struct suspects *s)
{
	size_t i;

	if (s->next_ms)
		return s->next_ms;
	s->next_ms = UINT64_MAX;
	for (i = 0; i < s->region_count; i++)
		if (due_ms(s, &s->regions[i]) < s->next_ms)
			s->next_ms = due_ms(s, &s->regions[i]);
	return s->next_ms;
}
