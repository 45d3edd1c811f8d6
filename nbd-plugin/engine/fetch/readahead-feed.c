/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Blocks that may be read next: after the place of a reader that reads sequentially; and,
 * without a profile, around each miss.  A boot without a profile waits for one read after
 * the other while the link is idle.  Readahead of as much as the link carries in two round
 * trips makes it faster; five round trips make it slower (bench/replay).
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/prefetch-hints.h"
#include "engine/fetch/readahead-feed.h"
#include "engine/policy/readahead.h"

/* The least and the most that is fetched around a miss, in blocks. */
#define AROUND_MIN STORE_GROUP
#define AROUND_MAX 64		/* 256 KiB */
/* A readahead window has the bytes that the link carries in a round trip and this time. */
#define WINDOW_MS 250
#define WINDOW_MIN 64
#define WINDOW_MAX 1024		/* 4 MiB */

struct readahead_feed {
	struct readahead readahead;
	struct trace_cursor cursor;
	bool knows_profile;
};

int readahead_feed_init(struct fetch *f)
{
	f->readahead_feed = calloc(1, sizeof *f->readahead_feed);
	return f->readahead_feed ? 0 : -ENOMEM;
}

void readahead_feed_free(struct fetch *f)
{
	free(f->readahead_feed);
}

static uint32_t within(uint64_t blocks, uint32_t least, uint32_t most)
{
	if (blocks < least)
		return least;
	return blocks < most ? (uint32_t)blocks : most;
}

static uint64_t blocks_in(const struct fetch *f, unsigned ms)
{
	return f->cwnd.bytes_per_s * ms / 1000 / STORE_BLOCK;
}

/* A sequential reader does not continue from the data to the hash tree. */
static void schedule_data(struct fetch *f, uint64_t start, uint64_t end)
{
	uint64_t stop = f->options->verify_none ? f->scheduler.blocks : f->verity.data_blocks;

	if (end > stop)
		end = stop;
	if (start < end)
		scheduler_add_readahead(&f->scheduler, start, end - start);
}

/* The aligned power of two that a miss lies in. */
static void schedule_around(struct fetch *f, uint64_t block)
{
	uint32_t most = within(blocks_in(f, 2 * f->cwnd.rtt_ms), AROUND_MIN, AROUND_MAX), size;

	for (size = AROUND_MIN; size * 2 <= most; size *= 2)
		;
	if (size > STORE_GROUP)
		schedule_data(f, block / size * size, (block / size + 1) * size);
}

/* A profile names what will be read, so readahead is at its most cautious. */
static void be_careful_beside_profile(struct fetch *f)
{
	struct readahead_feed *feed = f->readahead_feed;

	if (prefetch_hints_have_profile(f) && !feed->knows_profile)
		feed->readahead.caution = READAHEAD_CAUTION_MAX;
	feed->knows_profile = prefetch_hints_have_profile(f);
}

void readahead_feed_step(struct fetch *f)
{
	uint32_t most = within(blocks_in(f, f->cwnd.rtt_ms + WINDOW_MS), WINDOW_MIN, WINDOW_MAX);
	struct readahead_feed *feed = f->readahead_feed;
	uint64_t start, end;
	struct range r;

	be_careful_beside_profile(f);
	while (trace_next(f->trace, &feed->cursor, &start, &end)) {
		if (f->is_materialized)
			continue;
		if (readahead_touch(&feed->readahead, start, end, most, &r))
			schedule_data(f, r.start, r.end);
		else if (!feed->knows_profile && !store_has(f->store, start))
			schedule_around(f, start);
	}
}
