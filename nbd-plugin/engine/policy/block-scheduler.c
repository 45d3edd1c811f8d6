/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "engine/policy/block-scheduler.h"

#define SUSPECT_REST_MS 500

int scheduler_init(struct block_scheduler *p, const struct store *store, uint64_t blocks)
{
	int err;

	memset(p, 0, sizeof *p);
	p->store = store;
	p->blocks = blocks;
	p->last = &p->first;
	err = bitmap_init(&p->wanted, blocks);
	if (!err)
		err = bitmap_init(&p->busy, blocks);
	if (!err)
		err = bitmap_init(&p->is_expected, blocks);
	return err;
}

void scheduler_free(struct block_scheduler *p)
{
	bitmap_free(&p->wanted);
	bitmap_free(&p->busy);
	bitmap_free(&p->is_expected);
	free(p->expected);
}

static void mark_wanted(struct block_scheduler *p, const struct demand *w, bool wanted)
{
	uint32_t i;

	for (i = 0; i < w->count; i++) {
		if (!(w->missing[i / 64] >> (i % 64) & 1))
			continue;
		if (wanted)
			bitmap_set(&p->wanted, w->start + i);
		else
			bitmap_clear(&p->wanted, w->start + i);
	}
}

void scheduler_add_demand(struct block_scheduler *p, struct demand *w)
{
	mark_wanted(p, w, true);
	w->next = NULL;
	*p->last = w;
	p->last = &w->next;
}

void scheduler_remove_demand(struct block_scheduler *p, struct demand *w)
{
	struct demand **at = &p->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (p->last == &w->next)
		p->last = at;
	/* If another pending read needs the same blocks, they are only merged less. */
	mark_wanted(p, w, false);
}

static struct suspect *find_suspect(struct block_scheduler *p, uint64_t block)
{
	size_t i;

	for (i = 0; p->suspect_count && i < SCHEDULER_SUSPECTS; i++)
		if (p->suspects[i].times && p->suspects[i].block == block)
			return &p->suspects[i];
	return NULL;
}

/* The block is not in the store and was not requested. */
static bool is_absent(const struct block_scheduler *p, uint64_t block)
{
	return !store_has(p->store, block) && !bitmap_test(&p->busy, block) &&
	       !store_is_candidate(p->store, block);
}

void scheduler_mark_busy(struct block_scheduler *p, uint64_t start, uint64_t count)
{
	uint64_t i;

	for (i = start; i < start + count; i++)
		bitmap_set(&p->busy, i);
}

static bool take(struct block_scheduler *p, uint64_t start, uint32_t count, struct extent *out)
{
	out->start = start;
	out->count = count;
	out->suspect = false;
	out->avoid = -1;
	scheduler_mark_busy(p, start, count);
	return true;
}

/* A suspect is requested alone, after its backoff. */
static bool take_suspect(struct block_scheduler *p, const struct suspect *s, uint64_t now_ms,
			 struct extent *out)
{
	if (now_ms < s->next_try_ms)
		return false;
	take(p, s->block, 1, out);
	out->suspect = true;
	out->avoid = s->origin;
	return true;
}

static uint64_t group_end(const struct block_scheduler *p, uint64_t block)
{
	uint64_t end = (block / STORE_GROUP + 1) * STORE_GROUP;

	return end < p->blocks ? end : p->blocks;
}

static bool joins(struct block_scheduler *p, uint64_t block, uint64_t start, uint32_t max_blocks)
{
	return block < p->blocks && block - start < max_blocks &&
	       is_absent(p, block) && !find_suspect(p, block);
}

/* Takes an extent from an absent block on: the wanted blocks behind it, then the blocks
 * that the profile lists; without a profile, the rest of the group, which probably belongs
 * to the same files.
 */
static bool take_from(struct block_scheduler *p, uint64_t start, uint64_t now_ms,
		      uint32_t max_blocks, struct extent *out)
{
	struct suspect *s = find_suspect(p, start);
	uint64_t end = start + 1, stop;

	if (s)
		return take_suspect(p, s, now_ms, out);
	while (joins(p, end, start, max_blocks) && bitmap_test(&p->wanted, end))
		end++;
	if (bitmap_test(&p->is_expected, end - 1)) {
		while (joins(p, end, start, max_blocks) && bitmap_test(&p->is_expected, end))
			end++;
		return take(p, start, (uint32_t)(end - start), out);
	}
	stop = group_end(p, end - 1);
	while (end < stop && joins(p, end, start, max_blocks))
		end++;
	return take(p, start, (uint32_t)(end - start), out);
}

void scheduler_add_hash(struct block_scheduler *p, uint64_t block)
{
	unsigned i;

	if (bitmap_test(&p->busy, block))
		return;
	for (i = 0; i < p->hash_count; i++)
		if (p->hashes[i] == block)
			return;
	if (p->hash_count < SCHEDULER_HASHES)
		p->hashes[p->hash_count++] = block;
}

bool scheduler_next_hash(struct block_scheduler *p, uint64_t now_ms, uint32_t max_blocks, struct extent *out)
{
	unsigned i;
	uint64_t block, end;
	struct suspect *s;
	bool taken;

	for (i = 0; i < p->hash_count; i++) {
		block = p->hashes[i];
		s = find_suspect(p, block);
		if (is_absent(p, block) && s && now_ms < s->next_try_ms)
			continue;
		p->hashes[i--] = p->hashes[--p->hash_count];
		if (!is_absent(p, block))
			continue;
		if (s)
			taken = take_suspect(p, s, now_ms, out);
		else {
			for (end = block + 1; joins(p, end, block, max_blocks) &&
			     (!p->expected_count || bitmap_test(&p->is_expected, end)); end++)
				;
			taken = take(p, block, (uint32_t)(end - block), out);
		}
		return taken;
	}
	return false;
}

void scheduler_add_prefetch(struct block_scheduler *p, uint64_t start, uint64_t count)
{
	if (p->prefetch_count < SCHEDULER_PREFETCHES)
		p->prefetches[p->prefetch_count++] = (struct range){ start, start + count };
}

/* Takes the next extent of a queue of ranges, and removes finished ranges. */
static bool next_of(struct block_scheduler *p, struct range *queue, unsigned *count, uint64_t now_ms,
		    uint32_t max_blocks, struct extent *out)
{
	struct range *r = queue;
	uint64_t left;

	while (*count) {
		for (; r->start < r->end; r->start++) {
			if (!is_absent(p, r->start))
				continue;
			left = r->end - r->start;
			if (left > max_blocks)
				left = max_blocks;
			if (!take_from(p, r->start, now_ms, (uint32_t)left, out))
				continue;
			r->start = out->start + out->count;
			return true;
		}
		memmove(r, r + 1, --*count * sizeof *r);
	}
	return false;
}

void scheduler_add_readahead(struct block_scheduler *p, uint64_t start, uint64_t count)
{
	struct range *r = p->readaheads;

	if (start >= p->blocks)
		return;
	if (count > p->blocks - start)
		count = p->blocks - start;
	if (p->readahead_count == SCHEDULER_READAHEADS)
		memmove(r, r + 1, --p->readahead_count * sizeof *r);
	r[p->readahead_count++] = (struct range){ start, start + count };
}

bool scheduler_next_readahead(struct block_scheduler *p, uint64_t now_ms, uint32_t max_blocks, struct extent *out)
{
	return next_of(p, p->readaheads, &p->readahead_count, now_ms, max_blocks, out);
}

static int append_expected(struct block_scheduler *p, uint64_t start, uint64_t end)
{
	struct range *last = p->expected_count ? &p->expected[p->expected_count - 1] : NULL, *more;

	if (last && last->end == start) {
		last->end = end;
		return 0;
	}
	more = array_grow(p->expected, p->expected_count, &p->expected_space, sizeof *more, SIZE_MAX);
	if (!more)
		return -ENOMEM;
	p->expected = more;
	p->expected[p->expected_count++] = (struct range){ start, end };
	return 0;
}

int scheduler_add_expected(struct block_scheduler *p, uint64_t start, uint64_t count)
{
	uint64_t block, end = start + count;
	int err = 0;

	for (block = start; block < end && block < p->blocks && !err; block++) {
		if (store_has(p->store, block) || bitmap_set(&p->is_expected, block))
			continue;
		err = append_expected(p, block, block + 1);
		if (err)
			bitmap_clear(&p->is_expected, block);
		else
			p->expected_left++;
	}
	return err;
}

bool scheduler_next_expected(struct block_scheduler *p, uint64_t now_ms, uint32_t max_blocks, struct extent *out)
{
	const struct range *r;
	uint64_t block;

	for (; p->expected_left && p->expected_at < p->expected_count; p->expected_at++) {
		r = &p->expected[p->expected_at];
		for (block = r->start; block < r->end; block++)
			if (bitmap_test(&p->is_expected, block) && is_absent(p, block) &&
			    take_from(p, block, now_ms, max_blocks, out))
				return true;
	}
	return false;
}

bool scheduler_next_demand(struct block_scheduler *p, uint64_t now_ms, uint32_t max_blocks, struct extent *out)
{
	const struct demand *w;
	uint32_t i;

	for (w = p->first; w; w = w->next)
		for (i = 0; i < w->count; i++) {
			if (!(w->missing[i / 64] >> (i % 64) & 1))
				continue;
			if (is_absent(p, w->start + i) &&
			    take_from(p, w->start + i, now_ms, max_blocks, out))
				return true;
		}
	return next_of(p, p->prefetches, &p->prefetch_count, now_ms, max_blocks, out);
}

bool scheduler_next_fill(struct block_scheduler *p, uint64_t now_ms, uint32_t max_blocks, struct extent *out)
{
	uint64_t block = p->fill_at, end;
	bool wrapped = false;
	struct suspect *s;

	for (;; block++) {
		block = store_next_absent(p->store, block);
		if (block >= p->blocks) {
			if (wrapped || !p->fill_at)
				break;
			wrapped = true;
			block = 0;
			block = store_next_absent(p->store, block);
		}
		if (block >= p->blocks || (wrapped && block >= p->fill_at))
			break;
		if (!is_absent(p, block))
			continue;
		s = find_suspect(p, block);
		if (s) {
			if (take_suspect(p, s, now_ms, out))
				return true;
			continue;
		}
		for (end = block + 1; joins(p, end, block, max_blocks); end++)
			;
		p->fill_at = end;
		return take(p, block, (uint32_t)(end - block), out);
	}
	return false;
}

void scheduler_release(struct block_scheduler *p, uint64_t start, uint64_t count)
{
	uint64_t i;

	for (i = start; i < start + count; i++) {
		bitmap_clear(&p->busy, i);
		/* The block may be before expected_at: search again from the start. */
		if (bitmap_test(&p->is_expected, i))
			p->expected_at = 0;
	}
	if (count && start < p->fill_at)
		p->fill_at = start;
}

void scheduler_mark_present(struct block_scheduler *p, uint64_t start, uint64_t count)
{
	uint64_t i;

	for (i = start; i < start + count; i++) {
		bitmap_clear(&p->busy, i);
		/* Also if the store could not keep it: a hint is used once. */
		if (bitmap_clear(&p->is_expected, i))
			p->expected_left--;
		if (store_has(p->store, i))
			bitmap_clear(&p->wanted, i);
		else if (i < p->fill_at)
			p->fill_at = i;
	}
}

void scheduler_add_suspect(struct block_scheduler *p, uint64_t block, int origin, uint64_t now_ms,
		  uint64_t rest_max_ms)
{
	struct suspect *s = find_suspect(p, block), *candidate;
	uint64_t rest = 0;
	unsigned i;

	for (i = 0, candidate = p->suspects; !s; i++, candidate++)
		/* If the table is full, its last entry is replaced: that block will fail again. */
		if (i == SCHEDULER_SUSPECTS - 1 || !candidate->times)
			s = candidate;
	if (!s->times)
		p->suspect_count++;
	if (s->block != block)
		s->times = 0;
	for (i = 0; i < s->times && rest < rest_max_ms; i++)
		rest = rest ? rest * 2 : SUSPECT_REST_MS;
	if (rest > rest_max_ms)
		rest = rest_max_ms;
	s->block = block;
	s->origin = origin;
	s->next_try_ms = now_ms + rest;
	if (s->times < 32)
		s->times++;
}

void scheduler_clear_suspect(struct block_scheduler *p, uint64_t block)
{
	struct suspect *s = find_suspect(p, block);

	if (!s)
		return;
	s->times = 0;
	p->suspect_count--;
}

uint64_t scheduler_next_suspect_ms(const struct block_scheduler *p)
{
	uint64_t next = UINT64_MAX;
	size_t i;

	for (i = 0; i < SCHEDULER_SUSPECTS; i++)
		if (p->suspects[i].times && p->suspects[i].next_try_ms < next)
			next = p->suspects[i].next_try_ms;
	return next;
}
