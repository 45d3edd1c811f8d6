/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/policy/data-quota.h"

static struct meter m;

static void begin(uint64_t rate, uint64_t budget, bool stops_all)
{
	struct options o = { .rate_bytes_per_s = rate, .budget_bytes = budget,
			     .budget_stops_all = stops_all };

	meter_init(&m, &o, 1000);
}

static void no_limit(void)
{
	begin(0, 0, false);
	meter_spend(&m, UINT32_MAX);
	CHECK_EQ(meter_wait_ms(&m, 1000), 0);
	CHECK_EQ(meter_request_bytes(&m, 1 << 20), 1 << 20);
	CHECK(meter_left_bytes(&m, UINT64_MAX, true) == UINT64_MAX);
}

/* Asks as often as it may, for two minutes. */
static void keeps_the_rate(uint64_t rate, uint32_t request)
{
	uint64_t now, bytes = 0, seconds = 120;

	begin(rate, 0, false);
	for (now = 1000; now < 1000 + seconds * 1000; now++)
		while (!meter_wait_ms(&m, now)) {
			meter_spend(&m, meter_request_bytes(&m, request));
			bytes += meter_request_bytes(&m, request);
		}
	CHECK(bytes <= rate * seconds + 2 * (rate / 4 + (16 << 10)));
	CHECK(bytes >= rate * seconds * 95 / 100);
}

static void waits_as_long_as_it_says(void)
{
	uint64_t wait;

	begin(10000, 0, false);
	meter_spend(&m, 16 << 10);
	meter_spend(&m, 16 << 10);
	wait = meter_wait_ms(&m, 1000);
	CHECK(wait > 1600 && wait < 1700);
	CHECK(meter_wait_ms(&m, 1000 + wait - 10) > 0);
	CHECK_EQ(meter_wait_ms(&m, 1000 + wait), 0);
	/* An idle hour is not saved up. */
	meter_wait_ms(&m, 3600000);
	meter_spend(&m, 16 << 10);
	CHECK(meter_wait_ms(&m, 3600000) > 0);
}

static void budget_by_class(void)
{
	begin(0, 1000, false);
	CHECK_EQ(meter_left_bytes(&m, 400, true), 600);
	CHECK_EQ(meter_left_bytes(&m, 1400, true), 0);
	CHECK(meter_left_bytes(&m, 1400, false) == UINT64_MAX);
	begin(0, 1000, true);
	CHECK_EQ(meter_left_bytes(&m, 1400, false), 0);
}

int main(void)
{
	no_limit();
	keeps_the_rate(1000, 4096);
	keeps_the_rate(100000, 1 << 20);
	keeps_the_rate(3333333, 65536);
	waits_as_long_as_it_says();
	budget_by_class();
	return 0;
}
