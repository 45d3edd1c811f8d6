/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/policy/block-scheduler.h"

#define BLOCKS 1000
#define REST_MAX 10000

static struct store *store;
static struct block_scheduler scheduler;
static struct extent e;
static uint8_t block_bytes[STORE_BLOCK];

static void begin(void)
{
	CHECK_EQ(store_new(NULL, NULL, &store), 0);
	CHECK_EQ(store_set_size(store, BLOCKS * STORE_BLOCK, BLOCKS * STORE_BLOCK), 0);
	CHECK_EQ(scheduler_init(&scheduler, store, BLOCKS), 0);
}

static void end(void)
{
	scheduler_free(&scheduler);
	store_free(store);
}

/* A demand for this many blocks, all of them missing. */
static void want(struct demand *w, uint64_t *missing, uint64_t start, uint32_t count)
{
	uint32_t i;

	*w = (struct demand){ .start = start, .count = count, .missing = missing };
	for (i = 0; i < (count + 63) / 64; i++)
		missing[i] = ~0ULL;
	if (count % 64)
		missing[count / 64] = (1ULL << count % 64) - 1;
	scheduler_add_demand(&scheduler, w);
}

/* This extent has come. */
static void arrive(uint64_t start, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		store_put(store, start + i, 1, block_bytes);
	scheduler_mark_present(&scheduler, start, count);
}

#define CHECK_EXTENT(first, number) \
	do { \
		CHECK_EQ(e.start, first); \
		CHECK_EQ(e.count, number); \
	} while (0)

static void nothing_to_do(void)
{
	begin();
	CHECK(!scheduler_next_hash(&scheduler, 0, 16, &e));
	CHECK(!scheduler_next_demand(&scheduler, 0, 16, &e));
	CHECK_EQ(scheduler_next_suspect_ms(&scheduler), UINT64_MAX);
	arrive(0, BLOCKS);
	CHECK(!scheduler_next_fill(&scheduler, 0, 16, &e));
	end();
}

static void demands_in_the_order_they_came_then_prefetch(void)
{
	struct demand a, b;
	uint64_t ma[1], mb[1];

	begin();
	scheduler_add_prefetch(&scheduler, 100, 2);
	want(&a, ma, 900, 1);
	want(&b, mb, 20, 1);
	CHECK(scheduler_next_demand(&scheduler, 0, 1, &e));
	CHECK_EXTENT(900, 1);
	CHECK(!e.suspect);
	CHECK_EQ(e.avoid, -1);
	CHECK(scheduler_next_demand(&scheduler, 0, 1, &e));
	CHECK_EXTENT(20, 1);
	CHECK(scheduler_next_demand(&scheduler, 0, 1, &e));
	CHECK_EXTENT(100, 1);
	CHECK(scheduler_next_demand(&scheduler, 0, 1, &e));
	CHECK_EXTENT(101, 1);
	CHECK(!scheduler_next_demand(&scheduler, 0, 1, &e));
	scheduler_remove_demand(&scheduler, &b);
	scheduler_remove_demand(&scheduler, &a);
	CHECK(scheduler.first == NULL);
	end();
}

static void what_is_under_way_is_not_asked_for_again(void)
{
	struct demand a, b;
	uint64_t ma[1], mb[1];

	begin();
	want(&a, ma, 32, 4);
	want(&b, mb, 33, 2);
	CHECK(scheduler_next_demand(&scheduler, 0, 4, &e));
	CHECK_EXTENT(32, 4);
	CHECK(!scheduler_next_demand(&scheduler, 0, 4, &e));
	/* It failed: again, whole. */
	scheduler_release(&scheduler, 32, 4);
	CHECK(scheduler_next_demand(&scheduler, 0, 4, &e));
	CHECK_EXTENT(32, 4);
	arrive(32, 4);
	CHECK(!scheduler_next_demand(&scheduler, 0, 4, &e));
	end();
}

static void neighbours_merge(void)
{
	struct demand a, b;
	uint64_t ma[1], mb[1];

	begin();
	want(&a, ma, 30, 4);
	want(&b, mb, 34, 10);
	/* Both wants, and the rest of the last group of 16. */
	CHECK(scheduler_next_demand(&scheduler, 0, 64, &e));
	CHECK_EXTENT(30, 18);
	scheduler_release(&scheduler, 30, 18);
	CHECK(scheduler_next_demand(&scheduler, 0, 6, &e));
	CHECK_EXTENT(30, 6);
	CHECK(scheduler_next_demand(&scheduler, 0, 6, &e));
	CHECK_EXTENT(36, 6);
	/* Merging stops at what is there already. */
	scheduler_release(&scheduler, 30, 12);
	arrive(35, 1);
	CHECK(scheduler_next_demand(&scheduler, 0, 64, &e));
	CHECK_EXTENT(30, 5);
	CHECK(scheduler_next_demand(&scheduler, 0, 64, &e));
	CHECK_EXTENT(36, 12);
	end();
}

static void ends_with_the_image(void)
{
	uint64_t m[1];
	struct demand a;

	begin();
	want(&a, m, BLOCKS - 1, 1);
	CHECK(scheduler_next_demand(&scheduler, 0, 64, &e));
	CHECK_EXTENT(BLOCKS - 1, 1);
	scheduler_release(&scheduler, BLOCKS - 1, 1);
	scheduler_remove_demand(&scheduler, &a);
	scheduler_add_hash(&scheduler, BLOCKS - 2);
	CHECK(scheduler_next_hash(&scheduler, 0, 64, &e));
	CHECK_EXTENT(BLOCKS - 2, 2);
	end();
}

static void hashes_are_asked_for_once(void)
{
	unsigned i;

	begin();
	scheduler_add_hash(&scheduler, 500);
	scheduler_add_hash(&scheduler, 500);
	CHECK(scheduler_next_hash(&scheduler, 0, 2, &e));
	CHECK_EXTENT(500, 2);
	CHECK(!scheduler_next_hash(&scheduler, 0, 2, &e));
	scheduler_add_hash(&scheduler, 501);	/* in flight */
	CHECK(!scheduler_next_hash(&scheduler, 0, 2, &e));
	arrive(500, 2);
	scheduler_add_hash(&scheduler, 501);	/* there */
	CHECK(!scheduler_next_hash(&scheduler, 0, 2, &e));
	/* A full queue forgets, and takes it when asked again. */
	for (i = 0; i < SCHEDULER_HASHES + 1; i++)
		scheduler_add_hash(&scheduler, 2 * i);
	for (i = 0; i < SCHEDULER_HASHES; i++) {
		CHECK(scheduler_next_hash(&scheduler, 0, 1, &e));
		arrive(e.start, e.count);
	}
	CHECK(!scheduler_next_hash(&scheduler, 0, 1, &e));
	scheduler_add_hash(&scheduler, 2 * SCHEDULER_HASHES);
	CHECK(scheduler_next_hash(&scheduler, 0, 1, &e));
	CHECK_EXTENT(2 * SCHEDULER_HASHES, 1);
	CHECK(!scheduler_next_hash(&scheduler, 0, 1, &e));
	end();
}

static void fill_takes_the_rest_once_around(void)
{
	unsigned got = 0;

	begin();
	arrive(0, 10);
	arrive(50, 10);
	CHECK(scheduler_next_fill(&scheduler, 0, 30, &e));
	CHECK_EXTENT(10, 30);
	CHECK(scheduler_next_fill(&scheduler, 0, 30, &e));
	CHECK_EXTENT(40, 10);
	CHECK(scheduler_next_fill(&scheduler, 0, 30, &e));
	CHECK_EXTENT(60, 30);
	/* What failed comes again, though the hand has passed it. */
	arrive(40, 10);
	arrive(60, 30);
	scheduler_release(&scheduler, 10, 30);
	while (scheduler_next_fill(&scheduler, 0, 30, &e)) {
		got += e.count;
		arrive(e.start, e.count);
	}
	CHECK_EQ(got, BLOCKS - 60);
	CHECK_EQ(store_next_absent(store, 0), BLOCKS);
	end();
}

static void prefetches_have_an_end(void)
{
	unsigned i, n = 0;

	begin();
	for (i = 0; i < 2 * SCHEDULER_PREFETCHES; i++)
		scheduler_add_prefetch(&scheduler, i * 2, 1);
	while (scheduler_next_demand(&scheduler, 0, 1, &e))
		n++;
	CHECK_EQ(n, SCHEDULER_PREFETCHES);
	end();
}

static void suspects_go_alone_and_later(void)
{
	uint64_t m[1];
	struct demand a;

	begin();
	want(&a, m, 32, 8);
	scheduler_add_suspect(&scheduler, 35, 1, 900);
	CHECK(scheduler_next_demand(&scheduler, 1000, 64, &e));
	CHECK_EXTENT(32, 3);
	CHECK(scheduler_next_demand(&scheduler, 1000, 64, &e));
	CHECK_EXTENT(35, 1);
	CHECK(e.suspect);
	CHECK_EQ(e.avoid, 1);
	CHECK(scheduler_next_demand(&scheduler, 1000, 64, &e));
	CHECK_EXTENT(36, 12);
	CHECK(!e.suspect);
	/* Again corrupt: not before its time. */
	scheduler_release(&scheduler, 35, 1);
	scheduler_add_suspect(&scheduler, 35, 2, 2000);
	CHECK_EQ(scheduler_next_suspect_ms(&scheduler), 2500);
	CHECK(!scheduler_next_demand(&scheduler, 2499, 64, &e));
	CHECK(scheduler_next_demand(&scheduler, 2500, 64, &e));
	CHECK_EXTENT(35, 1);
	CHECK_EQ(e.avoid, 2);
	scheduler_clear_suspect(&scheduler, 35, 0);
	CHECK_EQ(scheduler_next_suspect_ms(&scheduler), UINT64_MAX);
	scheduler_release(&scheduler, 35, 1);
	CHECK(scheduler_next_demand(&scheduler, 2500, 64, &e));
	CHECK(!e.suspect);
	end();
}

/* A tree: blocks 900 to 908 have the digests of 100 blocks each, 999 has theirs. */
static uint64_t parent_of(const void *ctx, uint64_t block)
{
	CHECK(ctx == &scheduler);
	if (block == 999)
		return SCHEDULER_NO_PARENT;
	return block < 900 ? 900 + block / 100 : 999;
}

static void suspect_hash_waits_and_others_do_not(void)
{
	unsigned i;

	begin();
	scheduler_add_suspect(&scheduler, 500, 0, 0);
	scheduler_add_hash(&scheduler, 500);
	scheduler_add_hash(&scheduler, 600);
	CHECK(scheduler_next_hash(&scheduler, 0, 4, &e));
	CHECK_EXTENT(600, 4);
	CHECK(!scheduler_next_hash(&scheduler, 99, 4, &e));
	CHECK(scheduler_next_hash(&scheduler, 100, 4, &e));
	CHECK_EXTENT(500, 1);
	CHECK(e.suspect);
	/* Any number that failed again leaves room in the queue. */
	for (i = 0; i < 2 * SCHEDULER_HASHES; i++) {
		scheduler_add_suspect(&scheduler, 700 + i, 0, 200);
		scheduler_add_suspect(&scheduler, 700 + i, 0, 300);
		scheduler_add_hash(&scheduler, 700 + i);
	}
	scheduler_add_hash(&scheduler, 610);
	CHECK(scheduler_next_hash(&scheduler, 300, 4, &e));
	CHECK_EXTENT(610, 4);
	end();
}

static void nothing_below_a_suspect_is_requested(void)
{
	uint64_t m[1];
	struct demand a;

	begin();
	scheduler_set_parent(&scheduler, parent_of, &scheduler);
	want(&a, m, 199, 2);
	scheduler_add_suspect(&scheduler, 901, 4, 0);
	CHECK(!scheduler_is_below_failed(&scheduler, 199));
	scheduler_add_suspect(&scheduler, 901, 4, 100);
	CHECK(scheduler_is_below_failed(&scheduler, 199));
	CHECK(!scheduler_is_below_failed(&scheduler, 200));
	/* What can be verified comes; and the suspect, when it is due. */
	CHECK(scheduler_next_demand(&scheduler, 100, 4, &e));
	CHECK_EXTENT(200, 4);
	CHECK(!scheduler_next_demand(&scheduler, 599, 4, &e));
	CHECK(scheduler_next_demand(&scheduler, 600, 4, &e));
	CHECK_EXTENT(901, 1);
	CHECK(e.suspect);
	CHECK_EQ(e.avoid, 4);
	scheduler_add_prefetch(&scheduler, 180, 20);
	scheduler_add_readahead(&scheduler, 90, 15);
	CHECK(!scheduler_next_demand(&scheduler, 600, 4, &e));
	CHECK(scheduler_next_readahead(&scheduler, 600, 16, &e));
	CHECK_EXTENT(90, 10);
	CHECK(!scheduler_next_readahead(&scheduler, 600, 16, &e));
	/* The fill steps over a hundred blocks. */
	while (scheduler_next_fill(&scheduler, 600, 50, &e))
		CHECK(e.start + e.count <= 100 || e.start >= 200);
	scheduler_release(&scheduler, 901, 1);
	arrive(901, 1);
	CHECK(suspects_has(&scheduler.suspects, 901));
	scheduler_clear_suspect(&scheduler, 901, 700);
	CHECK(!suspects_has(&scheduler.suspects, 901));
	CHECK(scheduler_next_demand(&scheduler, 700, 4, &e));
	CHECK_EXTENT(199, 1);
	scheduler_remove_demand(&scheduler, &a);
	end();
}

/* A suspect below another one could not be verified. */
static void the_highest_suspect_comes_first(void)
{
	uint64_t m[1];
	struct demand a;

	begin();
	scheduler_set_parent(&scheduler, parent_of, &scheduler);
	want(&a, m, 5, 1);
	scheduler_add_suspect(&scheduler, 900, 0, 0);
	scheduler_add_suspect(&scheduler, 999, 0, 0);
	CHECK(!scheduler_next_demand(&scheduler, 99, 4, &e));
	CHECK(scheduler_next_demand(&scheduler, 100, 4, &e));
	CHECK_EXTENT(999, 1);
	CHECK(!scheduler_next_demand(&scheduler, 100, 4, &e));
	scheduler_remove_demand(&scheduler, &a);
	end();
}

/* The profile, too, waits for the suspect above its blocks, and no longer. */
static void the_profile_waits_for_a_suspect_above(void)
{
	begin();
	scheduler_set_parent(&scheduler, parent_of, &scheduler);
	CHECK_EQ(scheduler_add_expected(&scheduler, 10, 4), 0);
	scheduler_add_suspect(&scheduler, 900, 0, 0);
	scheduler_add_suspect(&scheduler, 900, 0, 0);
	CHECK(!scheduler_next_expected(&scheduler, 499, 16, &e));
	CHECK(scheduler_next_expected(&scheduler, 500, 16, &e));
	CHECK_EXTENT(900, 1);
	CHECK(!scheduler_next_expected(&scheduler, 500, 16, &e));
	arrive(900, 1);
	scheduler_clear_suspect(&scheduler, 900, 600);
	CHECK(scheduler_next_expected(&scheduler, 600, 16, &e));
	CHECK_EXTENT(10, 4);
	end();
}

/* Suspects of one region are one extent, up to max_blocks. */
static void suspects_of_a_region_go_together(void)
{
	unsigned i;

	begin();
	for (i = 10; i < 300; i++)
		scheduler_add_suspect(&scheduler, i, 0, 1000);
	for (i = 0; i < 2; i++) {
		CHECK(scheduler_next_fill(&scheduler, 1099, 512, &e));
		CHECK_EXTENT(i ? 300U : 0U, i ? 512U : 10U);
	}
	CHECK(scheduler_next_fill(&scheduler, 1099, 512, &e));
	CHECK(!e.suspect);
	end();
	begin();
	for (i = 0; i < 300; i++)
		scheduler_add_suspect(&scheduler, i, 0, 1000);
	CHECK(scheduler_next_fill(&scheduler, 1100, 200, &e));
	CHECK_EXTENT(0, 200);
	CHECK(e.suspect);
	for (i = 0; i < 300; i++)
		scheduler_clear_suspect(&scheduler, i, 0);
	CHECK_EQ(scheduler_next_suspect_ms(&scheduler), UINT64_MAX);
	end();
}

static void fill_steps_over_a_resting_suspect(void)
{
	begin();
	scheduler_add_suspect(&scheduler, 5, 0, 0);
	scheduler_add_suspect(&scheduler, 5, 0, 0);
	CHECK(scheduler_next_fill(&scheduler, 0, 16, &e));
	CHECK_EXTENT(0, 5);
	CHECK(scheduler_next_fill(&scheduler, 0, 16, &e));
	CHECK_EXTENT(6, 16);
	arrive(0, 5);
	arrive(6, BLOCKS - 6);
	CHECK(!scheduler_next_fill(&scheduler, 499, 16, &e));
	CHECK(scheduler_next_fill(&scheduler, 500, 16, &e));
	CHECK_EXTENT(5, 1);
	end();
}

static uint64_t steps;

/* One block, 0, has the digests of all. */
static uint64_t top_of(const void *ctx, uint64_t block)
{
	(void)ctx;
	steps++;
	return block ? 0 : SCHEDULER_NO_PARENT;
}

/* Searches on until there is nothing to look at. */
static bool fill_in_slices(uint64_t now_ms, uint64_t *longest, uint64_t *all)
{
	uint64_t before;

	*longest = *all = 0;
	do {
		before = steps;
		scheduler.is_cut_short = false;
		if (scheduler_next_fill(&scheduler, now_ms, 16, &e))
			return true;
		if (steps - before > *longest)
			*longest = steps - before;
		*all += steps - before;
	} while (scheduler.is_cut_short);
	return false;
}

static void a_fill_that_found_nothing_does_not_search_again(void)
{
	const uint64_t blocks = 262144;
	uint64_t longest, all;

	CHECK_EQ(store_new(NULL, NULL, &store), 0);
	CHECK_EQ(store_set_size(store, blocks * STORE_BLOCK, blocks * STORE_BLOCK), 0);
	CHECK_EQ(scheduler_init(&scheduler, store, blocks), 0);
	scheduler_set_parent(&scheduler, top_of, NULL);
	arrive(5, 1);
	scheduler_add_suspect(&scheduler, 0, 0, 0);
	scheduler_add_suspect(&scheduler, 0, 0, 100);
	CHECK(!fill_in_slices(100, &longest, &all));
	CHECK(all >= blocks - 2 && all <= 3 * blocks);
	CHECK(longest <= 50000);
	CHECK(!fill_in_slices(599, &longest, &all));
	CHECK_EQ(all, 0);
	/* Due. */
	CHECK(fill_in_slices(600, &longest, &all));
	CHECK_EXTENT(0, 1);
	CHECK(!fill_in_slices(601, &longest, &all));
	CHECK(!fill_in_slices(602, &longest, &all));
	CHECK_EQ(all, 0);
	/* No origin has answered. */
	scheduler_release_unanswered(&scheduler, 0, 1, 603);
	CHECK(fill_in_slices(603, &longest, &all));
	CHECK_EXTENT(0, 1);
	/* It has verified. */
	arrive(0, 1);
	scheduler_clear_suspect(&scheduler, 0, 700);
	CHECK(fill_in_slices(700, &longest, &all));
	CHECK_EXTENT(1, 4);
	/* The store has lost a block. */
	arrive(1, 4);
	arrive(6, (uint32_t)blocks - 6);
	CHECK(!fill_in_slices(701, &longest, &all));
	store_drop(store, 9);
	CHECK(fill_in_slices(701, &longest, &all));
	CHECK_EXTENT(9, 1);
	/* It could not keep one. */
	CHECK(!fill_in_slices(701, &longest, &all));
	scheduler_mark_present(&scheduler, 9, 1);
	CHECK(fill_in_slices(701, &longest, &all));
	CHECK_EXTENT(9, 1);
	end();
}

/* While a suspect is in flight, what it is above is not looked at again and again. */
static void the_profile_does_not_search_while_a_suspect_is_in_flight(void)
{
	const uint64_t blocks = 262144;
	uint64_t before, longest = 0;
	unsigned calls = 0;

	CHECK_EQ(store_new(NULL, NULL, &store), 0);
	CHECK_EQ(store_set_size(store, blocks * STORE_BLOCK, blocks * STORE_BLOCK), 0);
	CHECK_EQ(scheduler_init(&scheduler, store, blocks), 0);
	scheduler_set_parent(&scheduler, top_of, NULL);
	CHECK_EQ(scheduler_add_expected(&scheduler, 1, blocks - 1), 0);
	scheduler_add_suspect(&scheduler, 0, 0, 0);
	CHECK(scheduler_next_expected(&scheduler, 100, 16, &e));
	CHECK_EXTENT(0, 1);
	do {
		before = steps;
		scheduler.is_cut_short = false;
		CHECK(!scheduler_next_expected(&scheduler, 100, 16, &e));
		if (steps - before > longest)
			longest = steps - before;
		calls++;
	} while (scheduler.is_cut_short);
	CHECK(calls >= 4 && calls <= 64);
	CHECK(longest < blocks);
	before = steps;
	CHECK(!scheduler_next_expected(&scheduler, 101, 16, &e));
	CHECK_EQ(steps, before);
	/* It has failed again: it is due later. */
	scheduler_release(&scheduler, 0, 1);
	scheduler_add_suspect(&scheduler, 0, 0, 200);
	do {
		scheduler.is_cut_short = false;
		CHECK(!scheduler_next_expected(&scheduler, 200, 16, &e));
	} while (scheduler.is_cut_short);
	CHECK(!scheduler_next_expected(&scheduler, 699, 16, &e));
	CHECK(scheduler_next_expected(&scheduler, 700, 16, &e));
	CHECK_EXTENT(0, 1);
	end();
}

static void wants_leave_in_any_order(void)
{
	struct demand a, b, c;
	uint64_t ma[1], mb[1], mc[1];

	begin();
	want(&a, ma, 0, 1);
	want(&b, mb, 100, 1);
	want(&c, mc, 200, 1);
	scheduler_remove_demand(&scheduler, &b);
	scheduler_remove_demand(&scheduler, &c);
	want(&c, mc, 300, 1);
	scheduler_remove_demand(&scheduler, &a);
	CHECK(scheduler.first == &c);
	CHECK(scheduler_next_demand(&scheduler, 0, 1, &e));
	CHECK_EXTENT(300, 1);
	end();
}

static void what_a_profile_says_in_its_order(void)
{
	begin();
	arrive(302, 1);
	CHECK_EQ(scheduler_add_expected(&scheduler, 300, 4), 0);
	CHECK_EQ(scheduler_add_expected(&scheduler, 100, 2), 0);
	CHECK_EQ(scheduler_add_expected(&scheduler, 301, 5), 0);	/* 304 and 305 are new */
	CHECK_EQ(scheduler_add_expected(&scheduler, 998, 100), 0);	/* the image ends */
	CHECK_EQ(scheduler.expected_left, 9);
	/* Neighbours that are needed later come along; nothing else does. */
	CHECK(scheduler_next_expected(&scheduler, 0, 16, &e));
	CHECK_EXTENT(300, 2);
	CHECK(scheduler_next_expected(&scheduler, 0, 2, &e));
	CHECK_EXTENT(303, 2);
	CHECK(scheduler_next_expected(&scheduler, 0, 16, &e));
	CHECK_EXTENT(100, 2);
	/* It did not come: again, before what is left. */
	scheduler_release(&scheduler, 303, 2);
	CHECK(scheduler_next_expected(&scheduler, 0, 16, &e));
	CHECK_EXTENT(303, 3);
	CHECK(scheduler_next_expected(&scheduler, 0, 16, &e));
	CHECK_EXTENT(998, 2);
	CHECK(!scheduler_next_expected(&scheduler, 0, 16, &e));
	arrive(300, 2);
	arrive(303, 3);
	arrive(100, 2);
	CHECK_EQ(scheduler.expected_left, 2);
	/* One that the store could not keep is not asked for over and over. */
	scheduler_mark_present(&scheduler, 998, 2);
	CHECK_EQ(scheduler.expected_left, 0);
	CHECK(!scheduler_next_expected(&scheduler, 0, 16, &e));
	end();
}

static void suspects_in_the_profile_come_when_they_are_due(void)
{
	begin();
	CHECK_EQ(scheduler_add_expected(&scheduler, 300, 4), 0);
	CHECK_EQ(scheduler_add_expected(&scheduler, 100, 2), 0);
	CHECK(scheduler_next_expected(&scheduler, 1000, 16, &e));
	CHECK_EXTENT(300, 4);
	CHECK(scheduler_next_expected(&scheduler, 1000, 16, &e));
	CHECK_EXTENT(100, 2);
	scheduler_add_suspect(&scheduler, 300, 0, 1000);
	scheduler_add_suspect(&scheduler, 301, 0, 1000);
	scheduler_release(&scheduler, 300, 4);
	CHECK(scheduler_next_expected(&scheduler, 1099, 16, &e));
	CHECK_EXTENT(302, 2);
	CHECK(!scheduler_next_expected(&scheduler, 1099, 16, &e));
	/* Due: both, and both are corrupt again. */
	CHECK(scheduler_next_expected(&scheduler, 1100, 16, &e));
	CHECK_EXTENT(300, 2);
	scheduler_add_suspect(&scheduler, 300, 0, 1200);
	scheduler_add_suspect(&scheduler, 301, 0, 1200);
	scheduler_release(&scheduler, 300, 2);
	CHECK(!scheduler_next_expected(&scheduler, 1699, 16, &e));
	/* One of them is tried; the other comes as soon as that one has verified. */
	CHECK(scheduler_next_expected(&scheduler, 1700, 16, &e));
	CHECK_EXTENT(300, 1);
	CHECK(!scheduler_next_expected(&scheduler, 1700, 16, &e));
	arrive(300, 1);
	scheduler_clear_suspect(&scheduler, 300, 1750);
	CHECK(scheduler_next_expected(&scheduler, 1750, 16, &e));
	CHECK_EXTENT(301, 1);
	end();
}

static void a_demand_in_the_profile_takes_what_the_profile_says(void)
{
	struct demand a;
	uint64_t ma[1];

	begin();
	CHECK_EQ(scheduler_add_expected(&scheduler, 32, 6), 0);
	want(&a, ma, 33, 1);
	CHECK(scheduler_next_demand(&scheduler, 0, 16, &e));
	CHECK_EXTENT(33, 5);
	end();
}

static void hash_blocks_that_a_profile_knows_come_without_others(void)
{
	begin();
	scheduler_add_hash(&scheduler, 500);
	CHECK(scheduler_next_hash(&scheduler, 0, 8, &e));
	CHECK_EXTENT(500, 8);
	CHECK_EQ(scheduler_add_expected(&scheduler, 700, 2), 0);
	scheduler_add_hash(&scheduler, 700);
	CHECK(scheduler_next_hash(&scheduler, 0, 8, &e));
	CHECK_EXTENT(700, 2);
	end();
}

static void the_latest_readahead_stays(void)
{
	uint64_t i;

	begin();
	scheduler_add_readahead(&scheduler, BLOCKS, 4);	/* nothing there */
	CHECK(!scheduler_next_readahead(&scheduler, 0, 16, &e));
	scheduler_add_readahead(&scheduler, BLOCKS - 2, 4);
	CHECK(scheduler_next_readahead(&scheduler, 0, 16, &e));
	CHECK_EXTENT(BLOCKS - 2, 2);
	for (i = 0; i <= SCHEDULER_READAHEADS; i++)
		scheduler_add_readahead(&scheduler, i * 16, 1);
	CHECK(scheduler_next_readahead(&scheduler, 0, 16, &e));
	CHECK_EXTENT(16, 1);
	end();
}

int main(void)
{
	what_a_profile_says_in_its_order();
	suspects_in_the_profile_come_when_they_are_due();
	a_demand_in_the_profile_takes_what_the_profile_says();
	hash_blocks_that_a_profile_knows_come_without_others();
	the_latest_readahead_stays();
	nothing_to_do();
	demands_in_the_order_they_came_then_prefetch();
	what_is_under_way_is_not_asked_for_again();
	neighbours_merge();
	ends_with_the_image();
	hashes_are_asked_for_once();
	fill_takes_the_rest_once_around();
	prefetches_have_an_end();
	suspects_go_alone_and_later();
	suspect_hash_waits_and_others_do_not();
	nothing_below_a_suspect_is_requested();
	the_highest_suspect_comes_first();
	the_profile_waits_for_a_suspect_above();
	the_profile_does_not_search_while_a_suspect_is_in_flight();
	suspects_of_a_region_go_together();
	fill_steps_over_a_resting_suspect();
	a_fill_that_found_nothing_does_not_search_again();
	wants_leave_in_any_order();
	return 0;
}
