/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/policy/outage-count.h"

static void an_outage_counts_once_with_its_time(void)
{
	struct outage_count c = { 0 };

	outage_count_update(&c, false, true, 1000);
	outage_count_update(&c, true, true, 2000);
	CHECK_EQ(c.outages, 1);
	CHECK_EQ(c.total_ms, 0);
	outage_count_update(&c, true, true, 2500);
	CHECK_EQ(c.total_ms, 500);
	outage_count_update(&c, false, true, 12000);
	CHECK_EQ(c.outages, 1);
	CHECK_EQ(c.total_ms, 10000);
	outage_count_update(&c, false, true, 50000);
	CHECK_EQ(c.total_ms, 10000);
	outage_count_update(&c, true, true, 60000);
	outage_count_update(&c, false, true, 61000);
	CHECK_EQ(c.outages, 2);
	CHECK_EQ(c.total_ms, 11000);
}

static void without_a_need_time_does_not_count(void)
{
	struct outage_count c = { 0 };

	outage_count_update(&c, true, false, 1000);
	outage_count_update(&c, true, false, 9000);
	CHECK_EQ(c.outages, 0);
	outage_count_update(&c, true, true, 10000);
	outage_count_update(&c, true, false, 11000);
	/* The same outage still, when a read comes. */
	outage_count_update(&c, true, true, 21000);
	outage_count_update(&c, true, true, 22000);
	CHECK_EQ(c.outages, 1);
	CHECK_EQ(c.total_ms, 2000);
}

int main(void)
{
	an_outage_counts_once_with_its_time();
	without_a_need_time_does_not_count();
	return 0;
}
