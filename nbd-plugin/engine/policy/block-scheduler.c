/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "engine/policy/block-scheduler.h"

/* Limits a range of expected blocks, so that the search for the next one is short. */
#define RANGE_MAX_BLOCKS 16384
/* Blocks that one call looks at in vain: a few milliseconds on a slow machine. */
#define LOOKS_MAX 16384

/* A block may have become free to request: the fill looks at all blocks again. */
static void restart_fill(struct block_scheduler *s)
{
	s->fill_left = s->blocks;
	s->fill_due_ms = UINT64_MAX;
	s->fill_losses = store_losses(s->store);
}

int scheduler_init(struct block_scheduler *s, const struct store *store, uint64_t blocks)
{
	int err;

	memset(s, 0, sizeof *s);
	s->store = store;
	s->blocks = blocks;
	s->last = &s->first;
	s->waiting_until_ms = UINT64_MAX;
	restart_fill(s);
	err = bitmap_init(&s->wanted, blocks);
	if (!err)
		err = bitmap_init(&s->busy, blocks);
	if (!err)
		err = bitmap_init(&s->is_expected, blocks);
	if (!err)
		err = suspects_init(&s->suspects, blocks);
	return err;
}

void scheduler_set_parent(struct block_scheduler *s, scheduler_parent_fn *parent, const void *ctx)
{
	s->parent = parent;
	s->parent_ctx = ctx;
}

void scheduler_free(struct block_scheduler *s)
{
	bitmap_free(&s->wanted);
	bitmap_free(&s->busy);
	bitmap_free(&s->is_expected);
	suspects_free(&s->suspects);
	free(s->expected);
}

static void mark_wanted(struct block_scheduler *s, const struct demand *demand, bool wanted)
{
	uint32_t i;

	for (i = 0; i < demand->count; i++) {
		if (!(demand->missing[i / 64] >> (i % 64) & 1))
			continue;
		if (wanted)
			bitmap_set(&s->wanted, demand->start + i);
		else
			bitmap_clear(&s->wanted, demand->start + i);
	}
}

void scheduler_add_demand(struct block_scheduler *s, struct demand *demand)
{
	mark_wanted(s, demand, true);
	demand->next = NULL;
	*s->last = demand;
	s->last = &demand->next;
}

void scheduler_remove_demand(struct block_scheduler *s, struct demand *demand)
{
	struct demand **at = &s->first;

	while (*at != demand)
		at = &(*at)->next;
	*at = demand->next;
	if (s->last == &demand->next)
		s->last = at;
	/* If another pending read needs the same blocks, they are only merged less. */
	mark_wanted(s, demand, false);
}

/* The highest suspect above a block; SCHEDULER_NO_PARENT: there is none. */
static uint64_t suspect_above(const struct block_scheduler *s, uint64_t block)
{
	uint64_t found = SCHEDULER_NO_PARENT;

	if (!s->parent || !s->suspects.count)
		return found;
	while ((block = s->parent(s->parent_ctx, block)) != SCHEDULER_NO_PARENT)
		if (suspects_has(&s->suspects, block))
			found = block;
	return found;
}

bool scheduler_is_below_failed(const struct block_scheduler *s, uint64_t block)
{
	uint64_t suspect = suspect_above(s, block);

	return suspect != SCHEDULER_NO_PARENT && suspects_has_failed_again(&s->suspects, suspect);
}

/* The block is not in the store and was not requested. */
static bool is_absent(const struct block_scheduler *s, uint64_t block)
{
	return !store_has(s->store, block) && !bitmap_test(&s->busy, block) &&
	       !store_is_candidate(s->store, block);
}

void scheduler_mark_busy(struct block_scheduler *s, uint64_t start, uint64_t count)
{
	uint64_t i;

	for (i = start; i < start + count; i++)
		bitmap_set(&s->busy, i);
}

static bool take(struct block_scheduler *s, uint64_t start, uint32_t count, struct extent *out)
{
	out->start = start;
	out->count = count;
	out->suspect = false;
	out->avoid = -1;
	scheduler_mark_busy(s, start, count);
	return true;
}

/* Takes suspects from this one on, if they may be requested now. */
static bool take_suspects(struct block_scheduler *s, uint64_t start, uint64_t now_ms,
			  uint32_t max_blocks, struct extent *out)
{
	int avoid = -1;
	uint32_t most = suspects_take(&s->suspects, start, now_ms, &avoid), count = 1;

	if (!most)
		return false;
	if (most > max_blocks)
		most = max_blocks;
	while (count < most && start + count < s->blocks && is_absent(s, start + count) &&
	       suspects_has(&s->suspects, start + count) &&
	       suspect_above(s, start + count) == SCHEDULER_NO_PARENT)
		count++;
	take(s, start, count, out);
	out->suspect = true;
	out->avoid = avoid;
	return true;
}

static uint64_t group_end(const struct block_scheduler *s, uint64_t block)
{
	uint64_t end = (block / STORE_GROUP + 1) * STORE_GROUP;

	return end < s->blocks ? end : s->blocks;
}

static bool joins(struct block_scheduler *s, uint64_t block, uint64_t start, uint32_t max_blocks)
{
	return block < s->blocks && block - start < max_blocks && is_absent(s, block) &&
	       !suspects_has(&s->suspects, block) && suspect_above(s, block) == SCHEDULER_NO_PARENT;
}

/* Takes an extent from an absent block on: the blocks before until, which are needed as well,
 * and the wanted blocks; then the blocks that the profile lists; without a profile, the rest
 * of the group, which probably belongs to the same files.
 */
static bool take_from(struct block_scheduler *s, uint64_t start, uint64_t until, uint64_t now_ms,
		      uint32_t max_blocks, struct extent *out)
{
	uint64_t end = start + 1, stop, above = suspect_above(s, start);

	if (above != SCHEDULER_NO_PARENT)
		return is_absent(s, above) && take_suspects(s, above, now_ms, max_blocks, out);
	if (suspects_has(&s->suspects, start))
		return take_suspects(s, start, now_ms, max_blocks, out);
	while (joins(s, end, start, max_blocks) && (end < until || bitmap_test(&s->wanted, end)))
		end++;
	if (bitmap_test(&s->is_expected, end - 1)) {
		while (joins(s, end, start, max_blocks) && bitmap_test(&s->is_expected, end))
			end++;
		return take(s, start, (uint32_t)(end - start), out);
	}
	stop = group_end(s, end - 1);
	while (end < stop && joins(s, end, start, max_blocks))
		end++;
	return take(s, start, (uint32_t)(end - start), out);
}

struct range *scheduler_copy_demands(const struct block_scheduler *s, unsigned *count)
{
	const struct demand *demand;
	struct range *ranges;
	unsigned n = 0;

	for (demand = s->first; demand; demand = demand->next)
		n++;
	ranges = n ? malloc(n * sizeof *ranges) : NULL;
	*count = ranges ? n : 0;
	n = 0;
	for (demand = s->first; ranges && demand; demand = demand->next)
		ranges[n++] = (struct range){ demand->start, demand->start + demand->count };
	return ranges;
}

void scheduler_add_hash(struct block_scheduler *s, uint64_t block)
{
	unsigned i;

	if (bitmap_test(&s->busy, block) || suspects_has_failed_again(&s->suspects, block) ||
	    suspect_above(s, block) != SCHEDULER_NO_PARENT)
		return;
	for (i = 0; i < s->hash_count; i++)
		if (s->hashes[i] == block)
			return;
	if (s->hash_count < SCHEDULER_HASHES)
		s->hashes[s->hash_count++] = block;
}

bool scheduler_next_hash(struct block_scheduler *s, uint64_t now_ms, uint32_t max_blocks, struct extent *out)
{
	unsigned i;
	uint64_t block, end;

	for (i = 0; i < s->hash_count; i++) {
		block = s->hashes[i];
		if (is_absent(s, block) && suspects_must_wait(&s->suspects, block, now_ms))
			continue;
		s->hashes[i--] = s->hashes[--s->hash_count];
		if (!is_absent(s, block) || suspect_above(s, block) != SCHEDULER_NO_PARENT)
			continue;
		if (suspects_has(&s->suspects, block))
			return take_suspects(s, block, now_ms, max_blocks, out);
		for (end = block + 1; joins(s, end, block, max_blocks) &&
		     (!s->expected_count || bitmap_test(&s->is_expected, end)); end++)
			;
		return take(s, block, (uint32_t)(end - block), out);
	}
	return false;
}

void scheduler_add_prefetch(struct block_scheduler *s, uint64_t start, uint64_t count)
{
	if (s->prefetch_count < SCHEDULER_PREFETCHES)
		s->prefetches[s->prefetch_count++] = (struct range){ start, start + count };
}

/* Takes the next extent of a queue of ranges, and removes finished ranges. */
static bool next_of(struct block_scheduler *s, struct range *queue, unsigned *count, uint64_t now_ms,
		    uint32_t max_blocks, struct extent *out)
{
	struct range *r = queue;
	uint64_t left;

	while (*count) {
		for (; r->start < r->end; r->start++) {
			if (!is_absent(s, r->start) || suspect_above(s, r->start) != SCHEDULER_NO_PARENT)
				continue;
			left = r->end - r->start;
			if (left > max_blocks)
				left = max_blocks;
			if (!take_from(s, r->start, r->end, now_ms, (uint32_t)left, out))
				continue;
			r->start = out->start + out->count;
			return true;
		}
		memmove(r, r + 1, --*count * sizeof *r);
	}
	return false;
}

void scheduler_add_readahead(struct block_scheduler *s, uint64_t start, uint64_t count)
{
	struct range *r = s->readaheads;

	if (start >= s->blocks)
		return;
	if (count > s->blocks - start)
		count = s->blocks - start;
	if (s->readahead_count == SCHEDULER_READAHEADS)
		memmove(r, r + 1, --s->readahead_count * sizeof *r);
	r[s->readahead_count++] = (struct range){ start, start + count };
}

bool scheduler_next_readahead(struct block_scheduler *s, uint64_t now_ms, uint32_t max_blocks, struct extent *out)
{
	return next_of(s, s->readaheads, &s->readahead_count, now_ms, max_blocks, out);
}

static int append_expected(struct block_scheduler *s, uint64_t start, uint64_t end)
{
	struct range *last = s->expected_count ? &s->expected[s->expected_count - 1] : NULL, *more;

	if (last && last->end == start && end - last->start <= RANGE_MAX_BLOCKS) {
		last->end = end;
		return 0;
	}
	more = array_grow(s->expected, s->expected_count, &s->expected_space, sizeof *more, SIZE_MAX);
	if (!more)
		return -ENOMEM;
	s->expected = more;
	s->expected[s->expected_count++] = (struct range){ start, end };
	return 0;
}

bool scheduler_is_expected(const struct block_scheduler *s, uint64_t block)
{
	return s->expected_count && bitmap_test(&s->is_expected, block);
}

uint64_t scheduler_next_unexpected(const struct block_scheduler *s, uint64_t block)
{
	return store_next_not_present(s->store, &s->is_expected, block);
}

int scheduler_add_expected(struct block_scheduler *s, uint64_t start, uint64_t count)
{
	uint64_t block, end = start + count;
	int err = 0;

	for (block = start; block < end && !err; block++) {
		block = scheduler_next_unexpected(s, block);
		if (block >= end || block >= s->blocks)
			break;
		bitmap_set(&s->is_expected, block);
		err = append_expected(s, block, block + 1);
		if (err)
			bitmap_clear(&s->is_expected, block);
		else
			s->expected_left++;
	}
	return err;
}

/* The suspect stays behind expected_at. */
static void wait_for_suspect(struct block_scheduler *s, uint64_t block)
{
	uint64_t above = suspect_above(s, block), due_ms;

	if (above == SCHEDULER_NO_PARENT)
		above = block;
	due_ms = suspects_due_ms(&s->suspects, above);
	/* One that is in flight is due already: its end begins the search again. */
	if (is_absent(s, above) && due_ms < s->waiting_until_ms)
		s->waiting_until_ms = due_ms;
}

bool scheduler_next_expected(struct block_scheduler *s, uint64_t now_ms, uint32_t max_blocks, struct extent *out)
{
	unsigned looks = 0;
	struct range *r;
	uint64_t block;

	if (now_ms >= s->waiting_until_ms) {
		s->expected_at = 0;
		s->waiting_until_ms = UINT64_MAX;
	}
	for (; s->expected_left && s->expected_at < s->expected_count; s->expected_at++, looks++) {
		if (looks >= LOOKS_MAX) {
			s->is_cut_short = true;
			return false;
		}
		r = &s->expected[s->expected_at];
		/* Blocks that have arrived are not expected again. */
		r->start = bitmap_next_set(&s->is_expected, r->start, r->end);
		for (block = r->start; block < r->end;
		     block = bitmap_next_set(&s->is_expected, block + 1, r->end), looks++)
			if (is_absent(s, block)) {
				if (take_from(s, block, block, now_ms, max_blocks, out))
					return true;
				wait_for_suspect(s, block);
			}
	}
	return false;
}

/* Also a block that the store may have, while what verifies it is a suspect: then that is
 * requested.
 */
static bool may_request(const struct block_scheduler *s, uint64_t block)
{
	return is_absent(s, block) ||
	       (store_is_candidate(s->store, block) && suspect_above(s, block) != SCHEDULER_NO_PARENT);
}

bool scheduler_next_demand(struct block_scheduler *s, uint64_t now_ms, uint32_t max_blocks, struct extent *out)
{
	const struct demand *demand;
	uint32_t i;

	for (demand = s->first; demand; demand = demand->next)
		for (i = 0; i < demand->count; i++) {
			if (!(demand->missing[i / 64] >> (i % 64) & 1))
				continue;
			if (may_request(s, demand->start + i) &&
			    take_from(s, demand->start + i, demand->start + i, now_ms, max_blocks, out))
				return true;
		}
	return next_of(s, s->prefetches, &s->prefetch_count, now_ms, max_blocks, out);
}

/* Takes an extent from an absent block on, if it may be requested now. */
static bool take_fill(struct block_scheduler *s, uint64_t block, uint64_t now_ms, uint32_t max_blocks,
		      struct extent *out)
{
	uint64_t end = block + 1, due_ms;

	/* The suspect above it comes in its turn. */
	if (!is_absent(s, block) || suspect_above(s, block) != SCHEDULER_NO_PARENT)
		return false;
	if (suspects_has(&s->suspects, block)) {
		if (take_suspects(s, block, now_ms, max_blocks, out))
			return true;
		due_ms = suspects_due_ms(&s->suspects, block);
		if (due_ms < s->fill_due_ms)
			s->fill_due_ms = due_ms;
		return false;
	}
	while (joins(s, end, block, max_blocks))
		end++;
	return take(s, block, (uint32_t)(end - block), out);
}

/* The fill has looked at all blocks before this one. */
static void pass_fill(struct block_scheduler *s, uint64_t block)
{
	uint64_t passed = block - s->fill_at;

	s->fill_left -= passed < s->fill_left ? passed : s->fill_left;
	s->fill_at = block < s->blocks ? block : 0;
}

bool scheduler_next_fill(struct block_scheduler *s, uint64_t now_ms, uint32_t max_blocks, struct extent *out)
{
	unsigned looks = 0;
	uint64_t block;

	if (now_ms >= s->fill_due_ms || store_losses(s->store) != s->fill_losses)
		restart_fill(s);
	for (; s->fill_left && looks < LOOKS_MAX; looks++) {
		block = store_next_absent(s->store, s->fill_at);
		pass_fill(s, block);
		if (block >= s->blocks || !s->fill_left)
			continue;
		if (take_fill(s, block, now_ms, max_blocks, out)) {
			pass_fill(s, out->start + out->count);
			return true;
		}
		pass_fill(s, block + 1);
	}
	s->is_cut_short |= s->fill_left > 0;
	return false;
}

/* A block of the fill is absent and not busy any more. */
static void return_fill(struct block_scheduler *s, uint64_t block)
{
	if (block < s->fill_at)
		s->fill_at = block;
	restart_fill(s);
}

void scheduler_release(struct block_scheduler *s, uint64_t start, uint64_t count)
{
	uint64_t i;

	for (i = start; i < start + count; i++) {
		bitmap_clear(&s->busy, i);
		/* The block, or what is below it, may be before expected_at: search again from the start. */
		if (bitmap_test(&s->is_expected, i) || suspects_has(&s->suspects, i))
			s->expected_at = 0;
	}
	if (count)
		return_fill(s, start);
}

void scheduler_release_unanswered(struct block_scheduler *s, uint64_t start, uint64_t count,
				  uint64_t now_ms)
{
	scheduler_release(s, start, count);
	if (count)
		suspects_put_back(&s->suspects, start, now_ms);
}

void scheduler_mark_present(struct block_scheduler *s, uint64_t start, uint64_t count)
{
	uint64_t i;

	for (i = start; i < start + count; i++) {
		bitmap_clear(&s->busy, i);
		/* Also if the store could not keep it: a hint is used once. */
		if (bitmap_clear(&s->is_expected, i))
			s->expected_left--;
		if (store_has(s->store, i))
			bitmap_clear(&s->wanted, i);
		else
			return_fill(s, i);
	}
}

void scheduler_add_suspect(struct block_scheduler *s, uint64_t block, int origin, uint64_t now_ms)
{
	suspects_add(&s->suspects, block, origin, now_ms);
}

void scheduler_clear_suspect(struct block_scheduler *s, uint64_t block, uint64_t now_ms)
{
	if (!suspects_remove(&s->suspects, block, now_ms))
		return;
	/* The others of its region, and what is below it, are due now, perhaps before expected_at. */
	s->expected_at = 0;
	restart_fill(s);
}

uint64_t scheduler_next_suspect_ms(struct block_scheduler *s)
{
	return suspects_next_ms(&s->suspects);
}
