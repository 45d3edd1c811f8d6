/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "engine/policy/congestion-window.h"

#define SAMPLE_MS 250
/* These many bytes in less time are a sample too, for fast links. */
#define SAMPLE_BYTES (1U << 20)
#define SAMPLE_MIN_MS 10
/* Data in the queue of the link, so that the link is never idle. */
#define QUEUE_MS 100
#define WINDOW_MIN (64U << 10)
#define GAIN_ONE 16
#define GAIN_FIRST (2 * GAIN_ONE)
#define GAIN_MAX (3 * GAIN_ONE)
/* The number of background requests that fill a link whose round trip takes no time, or a short
 * one; and, because the requests of a profile are small, the number per 100 ms of a long round
 * trip.  Each may need a connection of its own.
 */
#define REQUESTS_BESIDE 4
#define BESIDE_MS 10
#define REQUESTS_NEAR 7
#define REQUESTS_FAR 10
#define NEAR_MS 100
#define FIRST_MAX 6
/* Arrives in one round trip on a new connection: ten segments, with a header. */
#define FLIGHT_BYTES (12U << 10)
/* Samples in a row without a higher rate: the link is full. */
#define FLAT_MAX 3
#define DEMAND_MS 250
/* The number of sequential round trips of a boot without a profile. */
#define BOOT_ROUND_TRIPS 100
/* The round trip of a satellite link: the fill starts before the rate is known, because
 * a few seconds of measurement cost less than the round trips.
 */
#define FAR_MS 400

static uint64_t carried(const struct congestion_window *p, unsigned ms)
{
	return p->bytes_per_s * ms / 1000;
}

static void begin_sample(struct congestion_window *p, uint64_t now_ms, uint64_t bytes, uint64_t due)
{
	p->since_ms = now_ms;
	p->bytes_then = bytes;
	p->least_due = due;
}

static void take_sample(struct congestion_window *p, uint64_t sample, bool full)
{
	uint64_t best = 0;
	unsigned i;

	/* A link that was not busy can carry more than this sample. */
	if (!full && sample <= p->bytes_per_s)
		return;
	if (sample > p->bytes_per_s + p->bytes_per_s / 4)
		p->flat = 0;
	else if (full && ++p->flat >= FLAT_MAX)
		p->steady = true;
	p->samples[p->next++ % CWND_SAMPLES] = sample;
	for (i = 0; i < CWND_SAMPLES; i++)
		if (p->samples[i] > best)
			best = p->samples[i];
	p->bytes_per_s = best;
}

static uint64_t came_so_far(const struct congestion_window *p)
{
	return p->bytes - p->base_bytes;
}

/* The round trip in units of 100 ms, 1 to most. */
static unsigned times_near(const struct congestion_window *p, unsigned most)
{
	unsigned times = p->rtt_ms / NEAR_MS;

	return times < 1 ? 1 : times < most ? times : most;
}

/* As TCP does: plus one byte for each byte that arrived, but at most four times what the
 * link carries at the measured rate.
 */
static uint64_t starting_window(const struct congestion_window *p)
{
	uint64_t first = (uint64_t)WINDOW_MIN * times_near(p, FIRST_MAX);
	uint64_t most = first + 4 * carried(p, p->rtt_ms + QUEUE_MS / 2);
	uint64_t window = first + came_so_far(p);

	return !p->bytes_per_s || window < most ? window : most;
}

/* The window of the link, if no connection were in slow start. */
static uint64_t steady_window(const struct congestion_window *p)
{
	uint64_t window = carried(p, p->rtt_ms + QUEUE_MS);

	return window > WINDOW_MIN ? window : WINDOW_MIN;
}

static void adjust_gain(struct congestion_window *p, uint64_t now_ms, bool full, unsigned delay_ms)
{
	unsigned queue_ms = delay_ms > p->rtt_ms ? delay_ms - p->rtt_ms : 0;

	/* The effect of the last step must be visible first. */
	if (p->steady && now_ms - p->gain_changed_ms < 2 * delay_ms)
		return;
	p->gain_changed_ms = now_ms;
	if (!p->steady)
		p->gain = GAIN_FIRST;
	else if (queue_ms > QUEUE_MS * 3 / 4)
		p->gain -= p->gain / 4;
	else if (full && queue_ms < QUEUE_MS / 4)
		p->gain += p->gain / 4;
	if (p->gain < GAIN_ONE)
		p->gain = GAIN_ONE;
	if (p->gain > GAIN_MAX)
		p->gain = GAIN_MAX;
}

void cwnd_update(struct congestion_window *p, uint64_t now_ms, uint64_t bytes, uint64_t due, unsigned rtt_ms,
		 unsigned delay_ms)
{
	uint64_t elapsed_ms = now_ms - p->since_ms, got = bytes - p->bytes_then;
	unsigned least_ms = rtt_ms > SAMPLE_MS ? rtt_ms : SAMPLE_MS;
	bool full;

	p->rtt_ms = rtt_ms;
	p->bytes = bytes;
	if (!p->measuring || !due) {
		/* The last bytes of a burst, which may be the only sample.  A shorter time says
		 * nothing exact, but that the link carries at least this.
		 */
		if (elapsed_ms < SAMPLE_MIN_MS)
			elapsed_ms = SAMPLE_MIN_MS;
		if (p->measuring && got)
			take_sample(p, got * 1000 / elapsed_ms, false);
		p->measuring = due > 0;
		begin_sample(p, now_ms, bytes, due);
		return;
	}
	if (due < p->least_due)
		p->least_due = due;
	if (elapsed_ms < SAMPLE_MIN_MS || (elapsed_ms < least_ms && got < SAMPLE_BYTES))
		return;
	if (got) {	/* an outage is no measurement of the link */
		full = p->least_due >= carried(p, rtt_ms);
		take_sample(p, got * 1000 / elapsed_ms, full);
		adjust_gain(p, now_ms, full, delay_ms);
	}
	begin_sample(p, now_ms, bytes, due);
}

void cwnd_restart(struct congestion_window *p)
{
	*p = (struct congestion_window){ .rtt_ms = p->rtt_ms, .bytes = p->bytes, .base_bytes = p->bytes };
}

uint64_t cwnd_bytes(const struct congestion_window *p)
{
	return p->steady ? steady_window(p) * p->gain / GAIN_ONE : starting_window(p);
}

static uint32_t clamp(uint64_t bytes, uint32_t least)
{
	if (bytes < least)
		return least;
	return bytes < CWND_REQUEST_MAX ? (uint32_t)bytes : CWND_REQUEST_MAX;
}

unsigned cwnd_background_requests(const struct congestion_window *p, unsigned most)
{
	unsigned times = times_near(p, UINT8_MAX);
	unsigned requests = times > 1 ? REQUESTS_FAR * times : REQUESTS_NEAR;

	if (p->rtt_ms && p->rtt_ms < BESIDE_MS)
		requests = REQUESTS_BESIDE;
	return requests < most ? requests : most;
}

uint32_t cwnd_background_bytes(const struct congestion_window *p, unsigned most)
{
	unsigned requests = cwnd_background_requests(p, most);

	/* In slow start: many connections with few bytes each, and twice as many bytes
	 * when these have arrived.
	 */
	if (!p->steady)
		return clamp((cwnd_bytes(p) + came_so_far(p)) / (requests ? requests : 1), FLIGHT_BYTES);
	if (requests > REQUESTS_NEAR)
		requests = REQUESTS_NEAR;
	/* On average half of each request is still due.  A window with a gain holds more
	 * requests, not larger requests, which would take more round trips.
	 */
	return clamp(2 * steady_window(p) / (requests ? requests : 1), CWND_REQUEST_MIN);
}

uint32_t cwnd_demand_bytes(const struct congestion_window *p)
{
	return p->bytes_per_s ? clamp(carried(p, DEMAND_MS), CWND_REQUEST_MIN) : CWND_REQUEST_FIRST;
}

bool cwnd_is_far_but_fast(const struct congestion_window *p, uint64_t bytes)
{
	if (!p->steady)
		return p->rtt_ms >= FAR_MS;
	return bytes < carried(p, BOOT_ROUND_TRIPS * p->rtt_ms);
}
