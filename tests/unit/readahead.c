/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/policy/readahead.h"

#define MOST 256

static struct readahead r;
static struct range got;

static void grows_while_it_is_used(void)
{
	uint64_t at = 1000, ahead = 0, width = 0, widest = 0;

	r = (struct readahead){ 0 };
	CHECK(!readahead_touch(&r, at, at + 4, MOST, &got));
	for (at += 4; at < 5000; at += 4) {
		if (!readahead_touch(&r, at, at + 4, MOST, &got))
			continue;
		/* Never twice, never with a hole. */
		CHECK_EQ(got.start, ahead ? ahead : at + 4);
		ahead = got.end;
		CHECK(ahead - (at + 4) <= MOST);
		CHECK(ahead - (at + 4) >= width / 2);
		width = ahead - (at + 4);
		if (width > widest)
			widest = width;
	}
	CHECK_EQ(widest, MOST);
	/* It is always ahead by half of that. */
	CHECK(ahead >= at + MOST / 2);
}

static void small_gaps_do_not_matter(void)
{
	r = (struct readahead){ 0 };
	CHECK(!readahead_touch(&r, 100, 101, MOST, &got));
	CHECK(readahead_touch(&r, 101 + READAHEAD_GAP, 120, MOST, &got));
	CHECK_EQ(got.start, 120);
	CHECK_EQ(got.end, 120 + READAHEAD_FIRST);
	/* Somewhere within what was fetched. */
	CHECK(readahead_touch(&r, 130, 131, MOST, &got));
	CHECK_EQ(got.start, 136);
}

static void several_at_once(void)
{
	uint64_t i, streams = READAHEAD_STREAMS, step;

	r = (struct readahead){ 0 };
	for (step = 0; step < 3; step++)
		for (i = 0; i < streams; i++)
			CHECK(readahead_touch(&r, i * 10000 + step * 8, i * 10000 + step * 8 + 8,
					      MOST, &got) == (step > 0));
}

static void random_reads_cost_nothing(void)
{
	uint64_t i, at = 1;
	unsigned fetches = 0;

	r = (struct readahead){ 0 };
	for (i = 0; i < 10000; i++) {
		at = (at * 6364136223846793005ULL + 1442695040888963407ULL);
		fetches += readahead_touch(&r, at >> 34, (at >> 34) + 1, MOST, &got);
	}
	CHECK(fetches <= 2);
}

/* Pairs of reads, over and over: what looks like reading on never is. */
static void shrinks_when_it_is_wasted(void)
{
	uint64_t i, fetched = 0, later = 0;

	r = (struct readahead){ 0 };
	for (i = 0; i < 200; i++) {
		readahead_touch(&r, i * 1000, i * 1000 + 1, MOST, &got);
		if (!readahead_touch(&r, i * 1000 + 1, i * 1000 + 2, MOST, &got))
			continue;
		fetched += got.end - got.start;
		if (i >= 100)
			later += got.end - got.start;
	}
	CHECK(fetched > 0);
	CHECK_EQ(later, 0);
	/* A sequential reader gets readahead again. */
	for (i = 0; i < 200; i++)
		readahead_touch(&r, 500000 + i, 500001 + i, MOST, &got);
	CHECK(readahead_touch(&r, 700000, 700001, MOST, &got) == false);
	for (i = 0; i < READAHEAD_STREAMS; i++)
		readahead_touch(&r, 800000 + i * 1000, 800001 + i * 1000, MOST, &got);
	CHECK(r.caution < READAHEAD_CAUTION_MAX);
}

int main(void)
{
	grows_while_it_is_used();
	small_gaps_do_not_matter();
	several_at_once();
	random_reads_cost_nothing();
	shrinks_when_it_is_wasted();
	return 0;
}
