/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What may be read next, guessed from what was read: further on, where somebody reads
 * on and on; and, as long as no profile knows better, round about.  A boot without a
 * profile waits for one read after the other, and the link is idle meanwhile: what it
 * carries in two round trips is worth its bytes, in five it is not (bench/replay).
 */
#include "config.h"

#include "engine/fetch/fetch-internal.h"

/* The least and the most of what is fetched round about, in blocks. */
#define AROUND_MIN STORE_GROUP
#define AROUND_MAX 64		/* 256 KiB */
/* A window of readahead lasts for so long at least. */
#define WINDOW_MS 250
#define WINDOW_MIN 64
#define WINDOW_MAX 1024		/* 4 MiB */

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

/* Nobody reads on from the last of the data into the hash tree. */
static void plan_data(struct fetch *f, uint64_t start, uint64_t end)
{
	uint64_t stop = f->options->verify_none ? f->scheduler.blocks : f->verity.data_blocks;

	if (end > stop)
		end = stop;
	if (start < end)
		scheduler_add_readahead(&f->scheduler, start, end - start);
}

/* The aligned power of two that a miss lies in. */
static void plan_around(struct fetch *f, uint64_t block)
{
	uint32_t most = within(blocks_in(f, 2 * f->cwnd.rtt_ms), AROUND_MIN, AROUND_MAX), size;

	for (size = AROUND_MIN; size * 2 <= most; size *= 2)
		;
	if (size > STORE_GROUP)
		plan_data(f, block / size * size, (block / size + 1) * size);
}

void fetch_read_ahead(struct fetch *f)
{
	uint32_t most = within(blocks_in(f, f->cwnd.rtt_ms + WINDOW_MS), WINDOW_MIN, WINDOW_MAX);
	uint64_t start, end;
	struct range r;

	while (trace_next(f->trace, &f->seen, &start, &end)) {
		if (f->materialized)
			continue;
		if (readahead_touch(&f->readahead, start, end, most, &r))
			plan_data(f, r.start, r.end);
		else if (!f->has_profile && !store_has(f->store, start))
			plan_around(f, start);
	}
}
