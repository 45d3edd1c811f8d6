/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "pace.h"

#define SAMPLE_MS 250
/* So much in less time is a sample too: fast links are through before that. */
#define SAMPLE_BYTES (1U << 20)
#define SAMPLE_MIN_MS 10
/* What may stand in the queue of the link so that it never runs dry. */
#define QUEUE_MS 100
#define WINDOW_MIN (64U << 10)
/* Samples in a row that bring nothing new: the link is full. */
#define FLAT_MAX 3
#define DEMAND_MS 250

static uint64_t carried(const struct pace *p, unsigned ms)
{
	return p->bytes_per_s * ms / 1000;
}

static void begin_sample(struct pace *p, uint64_t now_ms, uint64_t bytes, uint64_t due)
{
	p->since_ms = now_ms;
	p->bytes_then = bytes;
	p->least_due = due;
}

static void take_sample(struct pace *p, uint64_t sample, bool full)
{
	uint64_t best = 0;
	unsigned i;

	/* A link that was not kept busy could do more than this. */
	if (!full && sample <= p->bytes_per_s)
		return;
	if (sample > p->bytes_per_s + p->bytes_per_s / 4)
		p->flat = 0;
	else if (full && ++p->flat >= FLAT_MAX)
		p->steady = true;
	p->samples[p->next++ % PACE_SAMPLES] = sample;
	for (i = 0; i < PACE_SAMPLES; i++)
		if (p->samples[i] > best)
			best = p->samples[i];
	p->bytes_per_s = best;
}

void pace_update(struct pace *p, uint64_t now_ms, uint64_t bytes, uint64_t due, unsigned rtt_ms)
{
	uint64_t elapsed_ms = now_ms - p->since_ms, got = bytes - p->bytes_then;
	unsigned least_ms = rtt_ms > SAMPLE_MS ? rtt_ms : SAMPLE_MS;

	p->rtt_ms = rtt_ms;
	if (!p->measuring || !due) {
		/* The last bytes of a burst: they may be all there is. */
		if (p->measuring && elapsed_ms >= SAMPLE_MIN_MS && got)
			take_sample(p, got * 1000 / elapsed_ms, false);
		p->measuring = due > 0;
		begin_sample(p, now_ms, bytes, due);
		return;
	}
	if (due < p->least_due)
		p->least_due = due;
	if (elapsed_ms < SAMPLE_MIN_MS || (elapsed_ms < least_ms && got < SAMPLE_BYTES))
		return;
	if (got)	/* an outage says nothing about the link */
		take_sample(p, got * 1000 / elapsed_ms, p->least_due >= carried(p, rtt_ms));
	begin_sample(p, now_ms, bytes, due);
}

uint64_t pace_window_bytes(const struct pace *p)
{
	uint64_t window = p->steady ? carried(p, p->rtt_ms + QUEUE_MS) :
			  WINDOW_MIN + 2 * carried(p, p->rtt_ms + QUEUE_MS / 2);

	return window > WINDOW_MIN ? window : WINDOW_MIN;
}

static uint32_t clamp(uint64_t bytes)
{
	if (bytes < PACE_REQUEST_MIN)
		return PACE_REQUEST_MIN;
	return bytes < PACE_REQUEST_MAX ? (uint32_t)bytes : PACE_REQUEST_MAX;
}

uint32_t pace_background_bytes(const struct pace *p, unsigned requests)
{
	/* On the average half of each is still due. */
	return clamp(2 * pace_window_bytes(p) / (requests ? requests : 1));
}

uint32_t pace_demand_bytes(const struct pace *p)
{
	return p->bytes_per_s ? clamp(carried(p, DEMAND_MS)) : PACE_REQUEST_FIRST;
}
