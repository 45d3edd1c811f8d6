/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <time.h>

#include "../slack.h"
#include "check.h"
#include "engine/policy/suspects.h"

#define BLOCKS (64 * 256)

static struct suspects s;
static int avoid;

static void waits_for_the_last_failure_of_a_transfer(void)
{
	suspects_init(&s, BLOCKS);
	suspects_add(&s, 256, 3, 1000);
	suspects_add(&s, 257, 3, 1060);
	CHECK(suspects_has(&s, 256) && suspects_has(&s, 257) && !suspects_has(&s, 258));
	CHECK(suspects_must_wait(&s, 256, 1159));
	CHECK(!suspects_must_wait(&s, 258, 0));
	CHECK_EQ(suspects_next_ms(&s), 1160);
	CHECK_EQ(suspects_take(&s, 256, 1159, &avoid), 0);
	/* All of the region. */
	CHECK_EQ(suspects_take(&s, 257, 1160, &avoid), 255);
	CHECK_EQ(avoid, 3);
	suspects_free(&s);
}

/* Requests for one bad region, in a day. */
static void attempts_become_rare(void)
{
	uint64_t now;
	unsigned attempts = 0, blocks = 0, first_minute = 0, count, i;

	suspects_init(&s, BLOCKS);
	for (i = 0; i < 256; i++)
		suspects_add(&s, i, 0, 0);
	for (now = 0; now < 86400000; now += 20) {
		count = suspects_take(&s, 7, now, &avoid);
		for (i = 0; i < count && i < 256 - 7; i++)
			suspects_add(&s, 7 + i, 0, now + 10);
		attempts += count > 0;
		blocks += count;
		if (now < 60000)
			first_minute = attempts;
	}
	CHECK(first_minute >= 5 && first_minute <= 8);
	/* The probe, every 30 s. */
	CHECK(attempts >= 2880 - 20 && attempts <= 2880 + 144 + 20);
	CHECK(blocks <= 249 + attempts);
	CHECK_EQ(s.region_count, 1);
	suspects_free(&s);
}

static void a_good_block_brings_the_region_back(void)
{
	unsigned i;

	suspects_init(&s, BLOCKS);
	suspects_add(&s, 1, 0, 0);
	suspects_add(&s, 2, 0, 0);
	for (i = 0; i < 5; i++)
		suspects_add(&s, 1, 0, 100 + i);
	CHECK_EQ(suspects_next_ms(&s), 604);
	CHECK_EQ(suspects_take(&s, 1, 604, &avoid), 1);
	CHECK_EQ(suspects_take(&s, 2, 604, &avoid), 0);
	suspects_remove(&s, 1, 700);
	CHECK(!suspects_has(&s, 1));
	CHECK(suspects_take(&s, 2, 700, &avoid) > 1);
	suspects_remove(&s, 2, 800);
	suspects_remove(&s, 2, 800);
	CHECK_EQ(s.count, 0);
	CHECK_EQ(s.region_count, 0);
	CHECK_EQ(suspects_next_ms(&s), UINT64_MAX);
	suspects_free(&s);
}

/* However long the pauses of the regions have become. */
static void a_probe_finds_what_was_mended(void)
{
	uint64_t now;
	unsigned i;

	suspects_init(&s, BLOCKS);
	for (i = 0; i < 64; i++) {
		suspects_add(&s, i * 256, 0, 0);
		suspects_add(&s, i * 256, 0, 0);
	}
	for (now = 0; now < 86400000; now += 1000)
		for (i = 0; i < 64; i++)
			if (suspects_take(&s, i * 256, now, &avoid))
				suspects_add(&s, i * 256, 0, now);
	/* Mended: the first within 30 s, the others behind it. */
	CHECK(suspects_next_ms(&s) <= now + 30000);
	now += 30000;
	for (i = 0; i < 64; i++, now += 100) {
		CHECK(suspects_take(&s, i * 256, now, &avoid) > 0);
		suspects_remove(&s, i * 256, now);
	}
	CHECK_EQ(s.count, 0);
	suspects_free(&s);
}

/* Suspects that verify make the probe due, again and again in a few milliseconds. */
static void a_probe_makes_no_pause_longer(void)
{
	unsigned i;

	suspects_init(&s, BLOCKS);
	for (i = 0; i < 40; i++)
		suspects_add(&s, 256 + i, 0, 0);
	suspects_add(&s, 1, 0, 0);
	suspects_add(&s, 1, 0, 100);
	for (i = 0; i < 40; i++) {
		suspects_remove(&s, 256 + i, 200 + i);
		CHECK_EQ(suspects_take(&s, 1, 200 + i, &avoid), 1);
		/* One probe without an answer: the next is no later. */
		if (i == 20) {
			suspects_put_back(&s, 1, 200 + i);
			CHECK_EQ(suspects_take(&s, 1, 200 + i, &avoid), 1);
		}
		suspects_add(&s, 1, 0, 200 + i);
	}
	CHECK(suspects_next_ms(&s) <= 240 + 1000);
	suspects_free(&s);
}

/* An origin that is down must not make the suspects wait for the others. */
static void a_request_without_an_answer_is_no_attempt(void)
{
	unsigned i;

	suspects_init(&s, BLOCKS);
	suspects_add(&s, 1, 0, 0);
	suspects_add(&s, 1, 0, 100);
	for (i = 0; i < 20; i++) {
		CHECK_EQ(suspects_take(&s, 1, 600 + i, &avoid), 1);
		CHECK_EQ(suspects_take(&s, 1, 600 + i, &avoid), 0);
		suspects_put_back(&s, 1, 601 + i);
	}
	/* A bad answer is one. */
	CHECK_EQ(suspects_take(&s, 1, 620, &avoid), 1);
	suspects_add(&s, 1, 0, 630);
	CHECK_EQ(suspects_next_ms(&s), 1630);
	/* What is not a suspect stays what it is. */
	suspects_put_back(&s, 9, 640);
	CHECK_EQ(suspects_next_ms(&s), 1630);
	suspects_free(&s);
}

/* One block in each region of 128 GiB.  A search from region to region takes 13 s. */
static void each_of_many_is_found_at_once(void)
{
	const uint64_t regions = 131072;
	clock_t began = clock();
	uint64_t i, due = 0, turns;

	CHECK_EQ(suspects_init(&s, regions * 256), 0);
	for (i = 0; i < regions; i++)
		suspects_add(&s, i * 256 + 9, (int)(i % 4), i);
	for (i = 0; i < regions; i++)
		due += suspects_due_ms(&s, i * 256 + 9) == i + 100;
	CHECK_EQ(due, regions);
	/* The loop asks in each of its turns. */
	for (turns = 0; turns < regions; turns++)
		CHECK_EQ(suspects_next_ms(&s), 100);
	/* Those that are left are found, whichever goes first. */
	for (i = 0; i < regions; i += 3)
		suspects_remove(&s, i * 256 + 9, 500000);
	for (i = 0; i < regions; i++) {
		CHECK_EQ(suspects_due_ms(&s, i * 256 + 9), i % 3 ? i + 100 : 0);
		CHECK_EQ(suspects_take(&s, i * 256, i + 100, &avoid) > 0, i % 3 > 0);
		CHECK(i % 3 == 0 || avoid == (int)(i % 4));
	}
	CHECK_EQ(s.region_count, s.count);
	CHECK(clock() - began < (clock_t)slack(2) * CLOCKS_PER_SEC);
	suspects_free(&s);
}

int main(void)
{
	each_of_many_is_found_at_once();
	a_request_without_an_answer_is_no_attempt();
	waits_for_the_last_failure_of_a_transfer();
	attempts_become_rare();
	a_good_block_brings_the_region_back();
	a_probe_finds_what_was_mended();
	a_probe_makes_no_pause_longer();
	return 0;
}
