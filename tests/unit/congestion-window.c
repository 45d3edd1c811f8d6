/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The pace against a link of our own: a rate, a round trip, and a queue without
 * end.
 */
#include "config.h"

#include "check.h"
#include "engine/policy/congestion-window.h"

#define DELAY_MAX 8192

/* Bytes that were asked for arrive one round trip later at the earliest, and not
 * faster than the rate.
 */
struct link {
	uint64_t bytes_per_ms;
	unsigned rtt_ms, service_ms;	/* what a connection takes beside that */
	uint64_t now_ms, asked, came, reached[DELAY_MAX];
	struct congestion_window cwnd;
};

/* The byte that came last, from when it was asked for. */
static unsigned waited_ms(const struct link *l)
{
	unsigned ms = l->rtt_ms + l->service_ms;

	while (ms < DELAY_MAX && ms < l->now_ms &&
	       l->reached[(l->now_ms - ms) % DELAY_MAX] >= l->came)
		ms++;
	return ms;
}

static void pass_ms(struct link *l, uint64_t wanted_due)
{
	uint64_t reached, due = l->asked - l->came;
	unsigned far_ms = l->rtt_ms + l->service_ms;

	if (due < wanted_due)
		l->asked += wanted_due - due;
	l->reached[l->now_ms % DELAY_MAX] = l->asked;
	reached = l->now_ms < far_ms ? 0 : l->reached[(l->now_ms - far_ms) % DELAY_MAX];
	l->came += reached - l->came < l->bytes_per_ms ? reached - l->came : l->bytes_per_ms;
	l->now_ms++;
	cwnd_update(&l->cwnd, l->now_ms, l->came, l->asked - l->came, l->rtt_ms,
		    waited_ms(l) - l->service_ms);
}

/* Runs for ms with the window full; returns the share of the link in %. */
static unsigned run_full(struct link *l, unsigned ms)
{
	uint64_t before = l->came;
	unsigned i;

	for (i = 0; i < ms; i++)
		pass_ms(l, cwnd_bytes(&l->cwnd));
	return (unsigned)((l->came - before) * 100 / (l->bytes_per_ms * ms));
}

static void fills_any_link_and_little_more(void)
{
	/* Mbit/s and round trip in ms; bytes in a ms = Mbit/s x 125. */
	static const unsigned links[][2] = {
		{ 1, 100 }, { 2, 300 }, { 10, 100 }, { 10, 1 }, { 100, 20 }, { 100, 600 } };
	struct link l;
	uint64_t bdp;
	size_t i;

	for (i = 0; i < sizeof links / sizeof links[0]; i++) {
		l = (struct link){ .bytes_per_ms = links[i][0] * 125, .rtt_ms = links[i][1] };
		run_full(&l, 10000);
		CHECK(l.cwnd.steady);
		CHECK(run_full(&l, 10000) >= 98);
		bdp = l.bytes_per_ms * l.rtt_ms;
		CHECK(cwnd_bytes(&l.cwnd) >= bdp);
		CHECK(cwnd_bytes(&l.cwnd) <= bdp + l.bytes_per_ms * 130 + (64 << 10));
	}
}

static void fills_a_link_whose_connections_are_slow(void)
{
	struct link l = { .bytes_per_ms = 250, .rtt_ms = 300, .service_ms = 400 };

	run_full(&l, 20000);
	CHECK(run_full(&l, 10000) >= 75);
	/* And when they have found their speed, there is no need for that any more. */
	l.service_ms = 0;
	run_full(&l, 10000);
	CHECK(run_full(&l, 10000) >= 98);
	CHECK(cwnd_bytes(&l.cwnd) <= 250 * 500);
}

static void starts_as_fast_as_tcp(void)
{
	struct link l = { .bytes_per_ms = 12500, .rtt_ms = 600 };

	/* 7.5 MB in flight from 384 KiB: five doublings. */
	run_full(&l, 7 * 600);
	CHECK(run_full(&l, 600) >= 90);
}

static void follows_a_link_that_slows_down(void)
{
	struct link l = { .bytes_per_ms = 1250, .rtt_ms = 50 };

	run_full(&l, 10000);
	CHECK(cwnd_demand_bytes(&l.cwnd) > 200 << 10);
	l.bytes_per_ms = 60;
	run_full(&l, 10000);
	CHECK_EQ(cwnd_demand_bytes(&l.cwnd), CWND_REQUEST_MIN);
	CHECK(cwnd_bytes(&l.cwnd) <= 64 << 10);
}

static void follows_a_link_that_gets_faster(void)
{
	struct link l = { .bytes_per_ms = 125, .rtt_ms = 100 };

	run_full(&l, 10000);
	l.bytes_per_ms = 1250;
	run_full(&l, 10000);
	CHECK(run_full(&l, 1000) >= 95);
}

static void little_demand_says_little(void)
{
	struct link l = { .bytes_per_ms = 1250, .rtt_ms = 100 };
	uint64_t rate;
	unsigned i;

	run_full(&l, 10000);
	rate = l.cwnd.bytes_per_s;
	for (i = 0; i < 10000; i++)
		pass_ms(&l, 4096);
	CHECK_EQ(l.cwnd.bytes_per_s, rate);
}

static void an_outage_says_nothing(void)
{
	struct link l = { .bytes_per_ms = 1250, .rtt_ms = 100 };
	uint64_t rate;

	run_full(&l, 10000);
	rate = l.cwnd.bytes_per_s;
	l.bytes_per_ms = 0;
	while (l.now_ms < 70000)
		pass_ms(&l, 65536);
	CHECK(l.cwnd.bytes_per_s >= rate * 9 / 10);
}

static void begins_again_after_an_outage(void)
{
	struct link l = { .bytes_per_ms = 250, .rtt_ms = 300 };

	run_full(&l, 20000);
	cwnd_restart(&l.cwnd);
	/* Nothing is known of this link, however much the other one has carried. */
	CHECK_EQ(cwnd_bytes(&l.cwnd), (64 << 10) * 3);
	CHECK_EQ(cwnd_demand_bytes(&l.cwnd), CWND_REQUEST_FIRST);
	/* The first bytes come slowly; a window made for those would stay small. */
	l.bytes_per_ms = 60;
	run_full(&l, 600);
	l.bytes_per_ms = 250;
	run_full(&l, 300);
	CHECK(run_full(&l, 1000) >= 95);
	CHECK(cwnd_bytes(&l.cwnd) <= (64 << 10) * 3 + 4 * 250 * 350);
}

static void requests_are_of_a_sensible_size(void)
{
	struct congestion_window p = { 0 };

	CHECK_EQ(cwnd_demand_bytes(&p), CWND_REQUEST_FIRST);
	/* What TCP sends at once on each connection. */
	CHECK_EQ(cwnd_background_bytes(&p, 7), 12 << 10);
	CHECK_EQ(cwnd_background_bytes(&p, 1), 64 << 10);
	p = (struct congestion_window){ .bytes_per_s = 125000000, .rtt_ms = 1, .steady = true, .gain = 16 };
	CHECK_EQ(cwnd_demand_bytes(&p), CWND_REQUEST_MAX);
	CHECK_EQ(cwnd_background_bytes(&p, 7), CWND_REQUEST_MAX);
	CHECK_EQ(cwnd_background_bytes(&p, 0), CWND_REQUEST_MAX);
	p.bytes_per_s = 10000;
	CHECK_EQ(cwnd_demand_bytes(&p), CWND_REQUEST_MIN);
	CHECK_EQ(cwnd_background_bytes(&p, 63), 2 * (64 << 10) / 4);
}

static void far_but_fast(void)
{
	struct congestion_window p = { .rtt_ms = 600 };

	/* Who knows? */
	CHECK(cwnd_is_far_but_fast(&p, UINT64_MAX));
	p.rtt_ms = 300;
	CHECK(!cwnd_is_far_but_fast(&p, 1));
	/* A boot waits for 60 s here. */
	p = (struct congestion_window){ .bytes_per_s = 1000000, .rtt_ms = 600, .steady = true };
	CHECK(cwnd_is_far_but_fast(&p, 59999999));
	CHECK(!cwnd_is_far_but_fast(&p, 60000000));
	p.rtt_ms = 100;
	CHECK(!cwnd_is_far_but_fast(&p, 59999999));
}

static void the_farther_the_more_requests(void)
{
	struct congestion_window p = { .rtt_ms = 20 };

	CHECK_EQ(cwnd_background_requests(&p, 31), 7);
	CHECK_EQ(cwnd_background_requests(&p, 3), 3);
	/* On the same machine or switch each would have a connection for nothing; 0: not known. */
	p.rtt_ms = 9;
	CHECK_EQ(cwnd_background_requests(&p, 31), 4);
	p.rtt_ms = 10;
	CHECK_EQ(cwnd_background_requests(&p, 31), 7);
	p.rtt_ms = 0;
	CHECK_EQ(cwnd_background_requests(&p, 31), 7);
	p.rtt_ms = 300;
	CHECK_EQ(cwnd_background_requests(&p, 31), 30);
	p.rtt_ms = 60000;
	CHECK_EQ(cwnd_background_requests(&p, 31), 31);
	/* Once the link is full, size matters more than number. */
	p = (struct congestion_window){ .bytes_per_s = 250000, .rtt_ms = 300, .steady = true, .gain = 16 };
	CHECK_EQ(cwnd_background_bytes(&p, 31), 2 * 100000 / 7);
}

/* Bursts that are over before a sample is due: a fast link near by, a client that reads one
 * piece after the other.
 */
static void short_bursts_tell_a_rate(void)
{
	struct congestion_window p = { 0 };
	uint64_t now = 1000, bytes = 0;
	unsigned i;

	for (i = 0; i < 5; i++) {
		cwnd_update(&p, now, bytes, 256 << 10, 1, 1);
		bytes += 256 << 10;
		cwnd_update(&p, now + 3, bytes, 0, 1, 1);
		now += 10;
	}
	/* As if each had taken the shortest time of a sample, 10 ms. */
	CHECK_EQ(p.bytes_per_s, (256 << 10) * 100);
}

int main(void)
{
	fills_any_link_and_little_more();
	fills_a_link_whose_connections_are_slow();
	starts_as_fast_as_tcp();
	follows_a_link_that_slows_down();
	follows_a_link_that_gets_faster();
	little_demand_says_little();
	an_outage_says_nothing();
	begins_again_after_an_outage();
	requests_are_of_a_sensible_size();
	far_but_fast();
	the_farther_the_more_requests();
	short_bursts_tell_a_rate();
	return 0;
}
