/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The clock is a number here, so that hours take no time.
 */
#include "config.h"

#include "check.h"
#include "engine/policy/origin-health.h"

#define REST_MAX 10000

/* With random = 0 the backoff is half of the nominal time, the minimum. */
static uint64_t fail(struct origin_health *h, enum fault fault, uint64_t now)
{
	return origin_health_failure(h, fault, now, REST_MAX, 0, 0);
}

static void prefers_the_first(void)
{
	struct origin_health h[3] = { { 0 } };

	CHECK_EQ(origin_health_pick(h, 3, 0, -1), 0);
	CHECK_EQ(origin_health_pick(h, 3, 0, 0), 1);
	/* The only one there is, however much it is to be avoided. */
	CHECK_EQ(origin_health_pick(h, 1, 0, 0), 0);
	CHECK_EQ(origin_health_wait(h, 3, 0), 0);
	CHECK_EQ(origin_health_due(h, 3, 0), -1);
}

static void moves_on_and_comes_back(void)
{
	struct origin_health h[3] = { { 0 } };
	uint64_t rest = fail(&h[0], FAULT_CONNECT, 1000);

	CHECK_EQ(rest, 250);
	CHECK_EQ(origin_health_pick(h, 3, 1000, -1), 1);
	CHECK_EQ(origin_health_due(h, 3, 1249), -1);
	CHECK_EQ(origin_health_due(h, 3, 1250), 0);
	/* Demands stay with the healthy one until the probe has told. */
	CHECK_EQ(origin_health_pick(h, 3, 1250, -1), 1);
	h[0].probing = true;
	CHECK_EQ(origin_health_due(h, 3, 1250), -1);
	origin_health_success(&h[0]);
	CHECK_EQ(origin_health_pick(h, 3, 1250, -1), 0);
}

static void all_rest(void)
{
	struct origin_health h[2] = { { 0 } };

	fail(&h[0], FAULT_CONNECT, 0);
	fail(&h[1], FAULT_CONNECT, 100);
	CHECK_EQ(origin_health_pick(h, 2, 100, -1), -1);
	CHECK(!origin_health_any_but(h, 2, -1));
	CHECK_EQ(origin_health_wait(h, 2, 100), 150);
	/* No other origin is healthy: the demand itself is the probe. */
	CHECK_EQ(origin_health_due(h, 2, 250), -1);
	CHECK_EQ(origin_health_pick(h, 2, 250, -1), 0);
	h[0].probing = true;
	CHECK_EQ(origin_health_pick(h, 2, 250, -1), -1);
	CHECK_EQ(origin_health_wait(h, 2, 250), 100);
	h[1].probing = true;
	CHECK_EQ(origin_health_wait(h, 2, 250), UINT64_MAX);
}

static void rests_longer_each_time(void)
{
	static const uint64_t half[] = { 250, 500, 1000, 2000, 4000, 5000, 5000 };
	struct origin_health h = { 0 };
	uint64_t now = 0, rest;
	size_t i;

	for (i = 0; i < sizeof half / sizeof half[0]; i++) {
		rest = fail(&h, FAULT_BROKEN, now);
		CHECK_EQ(rest, half[i]);
		now += rest;
		h.probing = true;
	}
	for (i = 0; i < 100; i++) {
		h.probing = true;
		now += origin_health_failure(&h, FAULT_BROKEN, now, REST_MAX, 0, (unsigned)i * 7919);
		CHECK(h.next_try_ms <= now);
	}
	CHECK_EQ(origin_health_wait(&h, 1, now), 0);
	h.probing = true;
	CHECK(origin_health_failure(&h, FAULT_BROKEN, now, REST_MAX, 0, 5000) == REST_MAX);
	/* One good answer and all is forgotten. */
	origin_health_success(&h);
	CHECK_EQ(fail(&h, FAULT_BROKEN, now), 250);
}

/* An outage is found to be over soon, measured by how long it was. */
static void an_outage_is_not_drawn_out(void)
{
	struct origin_health h = { 0 };
	uint64_t now = 5000, rest;

	while (now < 5000 + 60000) {
		rest = origin_health_failure(&h, FAULT_CONNECT, now, REST_MAX, 0, 123456789);
		CHECK(rest >= 250);
		CHECK(rest <= 1000 + (now - 5000) / 64);
		now += rest + 5000;
	}
	while (now < 3600 * 1000)
		now += origin_health_failure(&h, FAULT_CONNECT, now, REST_MAX, 0, 0) + 5000;
	CHECK_EQ(origin_health_failure(&h, FAULT_CONNECT, now, REST_MAX, 0, 0), REST_MAX / 2);
	origin_health_success(&h);
	CHECK_EQ(fail(&h, FAULT_CONNECT, now), 250);
}

static void jitter_is_between_half_and_whole(void)
{
	unsigned random;
	uint64_t rest;

	for (random = 0; random < 2000; random++) {
		struct origin_health h = { 0 };

		rest = origin_health_failure(&h, FAULT_CONNECT, 0, REST_MAX, 0, random);
		CHECK(rest >= 250 && rest <= 500);
	}
}

static void together_is_one_fault(void)
{
	struct origin_health h = { 0 };
	uint64_t rest = fail(&h, FAULT_CONNECT, 0);
	int i;

	for (i = 0; i < 15; i++)
		CHECK_EQ(fail(&h, FAULT_CONNECT, 10), rest - 10);
	CHECK_EQ(h.failures, 1);
	CHECK_EQ(h.next_try_ms, rest);
}

static void server_may_ask_for_more_time(void)
{
	struct origin_health h = { 0 };

	struct origin_health many[2] = { { 0 } };

	CHECK_EQ(origin_health_failure(&h, FAULT_STATUS, 0, REST_MAX, 4000, 0), 4000);
	h = (struct origin_health){ 0 };
	/* Longer than any backoff, too; a new link is no reason to ask before. */
	CHECK_EQ(origin_health_failure(&h, FAULT_STATUS, 0, REST_MAX, 3600000, 0), 3600000);
	many[0] = h;
	origin_health_reset(many, 2);
	CHECK_EQ(origin_health_wait(many, 1, 1000), 3599000);
	/* Nor is the end of a request that was sent before it. */
	origin_health_success(&many[0]);
	CHECK_EQ(origin_health_pick(many, 1, 1000, -1), -1);
	CHECK_EQ(origin_health_wait(many, 1, 1000), 3599000);
	CHECK_EQ(origin_health_pick(many, 1, 3600000, -1), 0);
	/* What the second of several requests was told counts, too. */
	h = (struct origin_health){ 0 };
	CHECK_EQ(fail(&h, FAULT_STATUS, 0), 250);
	CHECK_EQ(origin_health_failure(&h, FAULT_STATUS, 10, REST_MAX, 4000, 0), 4000);
	CHECK_EQ(origin_health_wait(&h, 1, 10), 4000);
}

/* An origin whose bytes are all corrupt: asked for as much as allowed, for a day. */
/* Three answers to requests that were sent together. */
static void the_longest_wish_counts(void)
{
	struct origin_health h = { 0 };

	CHECK(origin_health_failure(&h, FAULT_STATUS, 1000, 200, 2000, 0) >= 2000);
	origin_health_success(&h);
	CHECK(origin_health_failure(&h, FAULT_STATUS, 1001, 200, 1000, 0) >= 1999);
	CHECK_EQ(origin_health_pick(&h, 1, 2999, -1), -1);
	CHECK_EQ(origin_health_pick(&h, 1, 3200, -1), 0);
	/* Without a wish, too. */
	origin_health_success(&h);
	CHECK(origin_health_failure(&h, FAULT_STATUS, 2000, 200, 0, 0) >= 1000);
}

static void corrupt_origin_gets_few_requests(void)
{
	struct origin_health h = { 0 };
	uint64_t now, bytes = 0, first_minute = 0;

	for (now = 0; now < 86400000; now += 10) {
		if (origin_health_pick(&h, 1, now, -1) < 0)
			continue;
		bytes += 4096;
		origin_health_sent(&h, now);
		origin_health_corrupt(&h, now, 4096);
		if (now < 60000)
			first_minute = bytes;
	}
	CHECK(first_minute <= (4 << 20) + 8 * (64 << 10));
	/* 12 MiB are probes. */
	CHECK(bytes <= 18 << 20);
	CHECK(origin_health_is_corrupt(&h));
}

static void a_probe_ends_the_pause_of_a_corrupt_origin(void)
{
	struct origin_health h = { 0 };
	uint64_t now = 1000;

	while (h.corrupt_until_ms < now + 60000) {
		now = h.corrupt_until_ms > now ? h.corrupt_until_ms : now;
		origin_health_corrupt(&h, now, 5 << 20);
	}
	/* What was requested before is no proof that it was mended. */
	origin_health_verified(&h, 4096);
	CHECK(origin_health_is_in_corrupt_pause(&h, now));
	CHECK_EQ(origin_health_pick(&h, 1, now + 29999, -1), -1);
	CHECK_EQ(origin_health_wait(&h, 1, now), 30000);
	CHECK_EQ(origin_health_pick(&h, 1, now + 30000, -1), 0);
	origin_health_sent(&h, now + 30000);
	CHECK_EQ(origin_health_pick(&h, 1, now + 30001, -1), -1);
	origin_health_verified(&h, 4096);
	CHECK_EQ(origin_health_pick(&h, 1, now + 30001, -1), 0);
	CHECK(!origin_health_is_in_corrupt_pause(&h, now + 30001));
}

/* While another origin served, this one was asked seldom. */
static void the_last_one_hurries_the_others(void)
{
	struct origin_health h = { 0 };

	h.probing = true;
	h.failures = 10;
	origin_health_failure(&h, FAULT_STATUS, 0, 60000, 0, 59999);
	origin_health_hurry(&h, 10000);
	CHECK_EQ(origin_health_wait(&h, 1, 0), 10000);
	origin_health_hurry(&h, 20000);
	CHECK_EQ(origin_health_wait(&h, 1, 0), 10000);
	h = (struct origin_health){ 0 };
	origin_health_failure(&h, FAULT_STATUS, 0, 60000, 40000, 0);
	origin_health_hurry(&h, 10000);
	CHECK_EQ(origin_health_wait(&h, 1, 0), 40000);
}

static void few_corrupt_bytes_among_good_ones(void)
{
	struct origin_health h = { 0 };
	int i;

	for (i = 0; i < 100000; i++) {
		origin_health_corrupt(&h, (uint64_t)i, 4096);
		origin_health_verified(&h, 9 * 4096);
		CHECK_EQ(origin_health_pick(&h, 1, (uint64_t)i, -1), 0);
	}
	CHECK(!origin_health_is_corrupt(&h));
}

static void corrupt_bytes_only_demote(void)
{
	struct origin_health h[2] = { { 0 } };

	CHECK_EQ(fail(&h[0], FAULT_CORRUPT, 1000), 0);
	CHECK_EQ(h[0].failures, 0);
	CHECK_EQ(origin_health_pick(h, 2, 1000, -1), 1);
	CHECK_EQ(origin_health_pick(h, 1, 1000, -1), 0);
	CHECK_EQ(origin_health_pick(h, 2, 30999, -1), 1);
	CHECK_EQ(origin_health_pick(h, 2, 31000, -1), 0);
	/* Better one that sent corrupt bytes once than one that is away. */
	fail(&h[0], FAULT_CORRUPT, 40000);
	fail(&h[1], FAULT_CONNECT, 40000);
	CHECK_EQ(origin_health_pick(h, 2, 50000, -1), 0);
	/* And the one that is to be avoided before one that may be away. */
	CHECK_EQ(origin_health_pick(h, 2, 50000, 0), 0);
}

static void link_monitor_came_up(void)
{
	struct origin_health h[2] = { { 0 } };
	int i;

	for (i = 0; i < 8; i++) {
		h[0].probing = true;
		fail(&h[0], FAULT_BROKEN, 0);
	}
	CHECK(origin_health_wait(h, 1, 0) >= 5000);
	origin_health_reset(h, 2);
	CHECK_EQ(origin_health_wait(h, 1, 0), 0);
	CHECK_EQ(origin_health_pick(h, 1, 0, -1), 0);
	CHECK_EQ(h[1].failures, 0);
	h[0].probing = true;
	CHECK_EQ(fail(&h[0], FAULT_BROKEN, 0), 500);
}

/* A server's wish outlives a good answer, and the backoff of the next fault. */
static void waits_as_long_as_none_can_be_asked(void)
{
	struct origin_health h[1] = { { 0 } };

	origin_health_failure(h, FAULT_STATUS, 1000, 10000, 600000, 1);
	origin_health_success(h);
	origin_health_failure(h, FAULT_BROKEN, 1200, 10000, 0, 1);
	CHECK_EQ(origin_health_pick(h, 1, 5000, -1), -1);
	CHECK_EQ(origin_health_wait(h, 1, 5000), 596000);
	CHECK_EQ(origin_health_pick(h, 1, 601000, -1), 0);
}

int main(void)
{
	prefers_the_first();
	moves_on_and_comes_back();
	all_rest();
	rests_longer_each_time();
	an_outage_is_not_drawn_out();
	jitter_is_between_half_and_whole();
	together_is_one_fault();
	server_may_ask_for_more_time();
	the_longest_wish_counts();
	corrupt_bytes_only_demote();
	link_monitor_came_up();
	corrupt_origin_gets_few_requests();
	a_probe_ends_the_pause_of_a_corrupt_origin();
	the_last_one_hurries_the_others();
	few_corrupt_bytes_among_good_ones();
	waits_as_long_as_none_can_be_asked();
	return 0;
}
