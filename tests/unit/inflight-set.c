/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The set of in-flight requests counts transfers by class, bytes that are due and blocks
 * that it has room for.  It keeps a request until the transfer has ended and each block has
 * been judged, and no longer.
 */
#include "config.h"

#include "check.h"
#include "engine/fetch/inflight-set.h"

/* A buffer of this many blocks is kept in the pool; a smaller one is not. */
#define POOLED_BLOCKS 32

static struct inflight *new_request(struct inflight_set *set, enum request_class class, uint32_t count)
{
	struct extent extent = { .count = count, .avoid = -1 };
	struct inflight *inflight = inflight_new(&set->buffers, &extent, class, UINT64_MAX);

	CHECK(inflight != NULL);
	return inflight;
}

static struct inflight *add(struct inflight_set *set, enum request_class class, uint32_t count)
{
	struct inflight *inflight = new_request(set, class, count);

	inflight_set_add(set, inflight);
	return inflight;
}

static void receive(struct inflight *inflight, size_t count)
{
	static const uint8_t bytes[2 * STORE_BLOCK];

	inflight_receive(inflight, bytes, count);
}

static void judge(struct inflight *inflight, uint32_t start, uint32_t end)
{
	for (; start < end; start++)
		inflight_judge(inflight, start);
}

/* Empties the set; returns the number of its requests.  Only the build with the address
 * sanitizer notices if the pool is not freed.
 */
static unsigned drain(struct inflight_set *set)
{
	struct inflight *inflight;
	unsigned count = 0;

	while ((inflight = inflight_set_pop(set))) {
		inflight_free(inflight);
		count++;
	}
	inflight_set_free(set);
	return count;
}

static void is_empty(const struct inflight_set *set)
{
	unsigned class;

	CHECK(set->first == NULL);
	CHECK_EQ(set->count, 0);
	for (class = 0; class < REQUEST_CLASSES; class++)
		CHECK_EQ(set->active[class], 0);
	CHECK_EQ(inflight_set_active(set), 0);
	CHECK_EQ(inflight_set_active_background(set), 0);
	CHECK_EQ(inflight_set_due_bytes(set), 0);
	CHECK_EQ(inflight_set_blocks(set), 0);
}

static void all_zero_is_empty(void)
{
	struct inflight_set set = { 0 };

	is_empty(&set);
	inflight_set_reap(&set);
	CHECK(inflight_set_pop(&set) == NULL);
	is_empty(&set);
	inflight_set_free(&set);
}

static void links_the_newest_first(void)
{
	struct inflight_set set = { 0 };
	struct inflight *a = add(&set, CLASS_DEMAND, 1), *b = add(&set, CLASS_FILL, 1);
	struct inflight *c = add(&set, CLASS_HASH, 1);

	CHECK_EQ(set.count, 3);
	CHECK(set.first == c && c->next == b && b->next == a && a->next == NULL);
	CHECK(inflight_set_pop(&set) == c);
	CHECK_EQ(set.count, 2);
	CHECK(set.first == b && b->next == a && a->next == NULL);
	inflight_free(c);
	inflight_free(inflight_set_pop(&set));
	inflight_free(inflight_set_pop(&set));
	is_empty(&set);
	/* An empty set can be used again. */
	a = add(&set, CLASS_DEMAND, 1);
	CHECK(set.first == a && a->next == NULL);
	CHECK_EQ(drain(&set), 1);
}

/* One request of each class, two of the last. */
static void counts_active_by_class(void)
{
	struct inflight_set set = { 0 };
	struct inflight *of[REQUEST_CLASSES];
	unsigned class, background = 0;

	for (class = 0; class < REQUEST_CLASSES; class++) {
		of[class] = add(&set, (enum request_class)class, 1);
		background += class == CLASS_READAHEAD || class == CLASS_PROFILE || class == CLASS_FILL;
		CHECK_EQ(set.active[class], 1);
		CHECK_EQ(inflight_set_active(&set), class + 1);
		CHECK_EQ(inflight_set_active_background(&set), background);
	}
	add(&set, CLASS_FILL, 1);
	CHECK_EQ(set.active[CLASS_FILL], 2);
	CHECK_EQ(inflight_set_active_background(&set), 4);

	inflight_set_end(&set, of[CLASS_DEMAND], FAULT_NONE);
	CHECK_EQ(set.active[CLASS_DEMAND], 0);
	CHECK_EQ(inflight_set_active(&set), 6);
	CHECK_EQ(inflight_set_active_background(&set), 4);
	inflight_set_end(&set, of[CLASS_READAHEAD], FAULT_NONE);
	CHECK_EQ(set.active[CLASS_READAHEAD], 0);
	CHECK_EQ(set.active[CLASS_FILL], 2);
	CHECK_EQ(inflight_set_active(&set), 5);
	CHECK_EQ(inflight_set_active_background(&set), 3);
	/* Those that have ended remain in the set. */
	CHECK_EQ(set.count, 7);
	CHECK_EQ(drain(&set), 7);
	is_empty(&set);
}

/* bootstrap.c adds requests whose transfers have ended before. */
static void ended_before_is_never_active(void)
{
	struct inflight_set set = { 0 };
	struct inflight *inflight = new_request(&set, CLASS_BOOTSTRAP, 2);

	inflight->ended = true;
	inflight_set_add(&set, inflight);
	CHECK_EQ(set.count, 1);
	CHECK_EQ(set.active[CLASS_BOOTSTRAP], 0);
	CHECK_EQ(inflight_set_active(&set), 0);
	CHECK_EQ(inflight_set_due_bytes(&set), 0);
	CHECK_EQ(inflight_set_blocks(&set), 2);
	judge(inflight, 0, 2);
	inflight_set_reap(&set);
	is_empty(&set);
	inflight_set_free(&set);
}

static void end_tells_the_fault(void)
{
	struct inflight_set set = { 0 };
	struct inflight *good = add(&set, CLASS_DEMAND, 1), *bad = add(&set, CLASS_DEMAND, 1);

	CHECK(!good->ended && !bad->ended);
	inflight_set_end(&set, bad, FAULT_STALL);
	CHECK(bad->ended && !good->ended);
	CHECK_EQ(bad->fault, FAULT_STALL);
	inflight_set_end(&set, good, FAULT_NONE);
	CHECK(good->ended);
	CHECK_EQ(good->fault, FAULT_NONE);
	drain(&set);
}

static void due_is_what_has_not_come(void)
{
	struct inflight_set set = { 0 };
	struct extent at_the_end = { .start = 1, .count = 2, .avoid = -1 };
	struct inflight *a = add(&set, CLASS_DEMAND, 2), *b;

	/* The last block of this image has 100 bytes. */
	b = inflight_new(&set.buffers, &at_the_end, CLASS_FILL, 2 * STORE_BLOCK + 100);
	CHECK(b != NULL);
	inflight_set_add(&set, b);
	CHECK_EQ(inflight_set_due_bytes(&set), 3 * STORE_BLOCK + 100);
	receive(a, STORE_BLOCK + 1);
	CHECK_EQ(inflight_set_due_bytes(&set), 2 * STORE_BLOCK + 99);
	receive(b, STORE_BLOCK + 100);
	CHECK_EQ(inflight_set_due_bytes(&set), STORE_BLOCK - 1);
	/* A failed transfer brings no more bytes. */
	inflight_set_end(&set, a, FAULT_BROKEN);
	CHECK_EQ(inflight_set_due_bytes(&set), 0);
	drain(&set);
}

/* More than 32 bits of bytes. */
static void due_is_not_cut_off(void)
{
	struct inflight_set set = { 0 };
	struct inflight *inflight;
	unsigned i;

	for (i = 0; i < 3; i++) {
		inflight = add(&set, CLASS_FILL, 1);
		inflight->request.length = 1U << 31;
	}
	CHECK(inflight_set_due_bytes(&set) == 3ULL << 31);
	drain(&set);
}

static void blocks_have_room_until_reaped(void)
{
	struct inflight_set set = { 0 };
	struct inflight *a = add(&set, CLASS_DEMAND, 2), *b = add(&set, CLASS_FILL, 5);

	CHECK_EQ(inflight_set_blocks(&set), 7);
	receive(b, STORE_BLOCK);
	inflight_set_end(&set, a, FAULT_NONE);
	judge(a, 0, 1);
	CHECK_EQ(inflight_set_blocks(&set), 7);
	judge(a, 1, 2);
	inflight_set_reap(&set);
	CHECK_EQ(inflight_set_blocks(&set), 5);
	drain(&set);
}

/* A request is freed only if it has ended and is judged, wherever it is linked. */
static void reaps_what_is_finished(void)
{
	struct inflight_set set = { 0 };
	struct inflight *oldest = add(&set, CLASS_DEMAND, 2), *active = add(&set, CLASS_DEMAND, 2);
	struct inflight *middle = add(&set, CLASS_HASH, 2), *next = add(&set, CLASS_FILL, 2);
	struct inflight *open = add(&set, CLASS_FILL, 2), *newest = add(&set, CLASS_FILL, 2);

	judge(active, 0, 2);
	judge(open, 1, 2);
	inflight_set_end(&set, open, FAULT_NONE);
	inflight_set_reap(&set);
	CHECK_EQ(set.count, 6);

	judge(oldest, 0, 2);
	judge(middle, 0, 2);
	judge(next, 0, 2);
	judge(newest, 0, 2);
	inflight_set_end(&set, oldest, FAULT_NONE);
	inflight_set_end(&set, middle, FAULT_BROKEN);
	inflight_set_end(&set, next, FAULT_NONE);
	inflight_set_end(&set, newest, FAULT_NONE);
	inflight_set_reap(&set);
	CHECK_EQ(set.count, 2);
	CHECK(set.first == open && open->next == active && active->next == NULL);
	CHECK_EQ(inflight_set_active(&set), 1);
	CHECK_EQ(set.active[CLASS_DEMAND], 1);

	inflight_set_end(&set, active, FAULT_NONE);
	judge(open, 0, 1);
	inflight_set_reap(&set);
	is_empty(&set);
	inflight_set_free(&set);
}

/* The buffer of a request that was freed is in the pool, for the next request. */
static void reap_frees(void)
{
	struct inflight_set set = { 0 };
	struct inflight *inflight = add(&set, CLASS_FILL, POOLED_BLOCKS);
	const uint8_t *bytes = inflight->bytes;

	CHECK(set.buffers.spare[0].bytes == NULL);
	inflight_set_end(&set, inflight, FAULT_NONE);
	judge(inflight, 0, POOLED_BLOCKS);
	inflight_set_reap(&set);
	CHECK(set.buffers.spare[0].bytes == bytes);
	inflight = add(&set, CLASS_FILL, POOLED_BLOCKS);
	CHECK(inflight->bytes == bytes);
	drain(&set);
}

/* A request that is popped is the caller's: it is not freed, and may still be active. */
static void pop_gives_the_request_to_the_caller(void)
{
	struct inflight_set set = { 0 };
	struct inflight *ended = add(&set, CLASS_HASH, POOLED_BLOCKS);
	struct inflight *active = add(&set, CLASS_PROFILE, POOLED_BLOCKS);

	inflight_set_end(&set, ended, FAULT_NONE);
	judge(ended, 0, POOLED_BLOCKS);
	CHECK(inflight_set_pop(&set) == active);
	CHECK(!active->ended);
	CHECK(set.buffers.spare[0].bytes == NULL);
	CHECK_EQ(set.active[CLASS_PROFILE], 0);
	CHECK_EQ(inflight_set_active(&set), 0);
	CHECK_EQ(inflight_set_blocks(&set), POOLED_BLOCKS);
	CHECK(inflight_set_pop(&set) == ended);
	CHECK(set.buffers.spare[0].bytes == NULL);
	is_empty(&set);
	CHECK(inflight_set_pop(&set) == NULL);
	inflight_free(active);
	inflight_free(ended);
	inflight_set_free(&set);
}

int main(void)
{
	all_zero_is_empty();
	links_the_newest_first();
	counts_active_by_class();
	ended_before_is_never_active();
	end_tells_the_fault();
	due_is_what_has_not_come();
	due_is_not_cut_off();
	blocks_have_room_until_reaped();
	reaps_what_is_finished();
	reap_frees();
	pop_gives_the_request_to_the_caller();
	return 0;
}
