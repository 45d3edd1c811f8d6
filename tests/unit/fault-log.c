/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/policy/fault-log.h"

#define MINUTE 60000ULL
#define HOUR (60 * MINUTE)

static struct fault_log fault_log;
static struct fault_topic topic;
static struct fault_line line;

static void begin(void)
{
	fault_log = (struct fault_log){ 0 };
	topic = (struct fault_topic){ 0 };
}

static void logs_the_first_and_counts_the_rest(void)
{
	int i;

	begin();
	CHECK(fault_log_take(&fault_log, &topic, 1000, &line));
	CHECK_EQ(line.unlogged, 0);
	for (i = 0; i < 500; i++)
		CHECK(!fault_log_take(&fault_log, &topic, 2000 + (uint64_t)i, &line));
	CHECK(fault_log_take(&fault_log, &topic, 1000 + MINUTE, &line));
	CHECK_EQ(line.unlogged, 500);
	CHECK_EQ(line.unlogged_ms, MINUTE - 1000);
	/* Then after two minutes. */
	CHECK(!fault_log_take(&fault_log, &topic, 1000 + 3 * MINUTE - 1, &line));
	CHECK(fault_log_take(&fault_log, &topic, 1000 + 3 * MINUTE, &line));
	CHECK_EQ(line.unlogged, 1);
}

static void begins_again_after_quiet_time(void)
{
	begin();
	CHECK(fault_log_take(&fault_log, &topic, 0, &line));
	CHECK(fault_log_take(&fault_log, &topic, 2 * MINUTE, &line));
	CHECK_EQ(line.unlogged, 0);
	CHECK(!fault_log_take(&fault_log, &topic, 3 * MINUTE - 1, &line));
	CHECK(fault_log_take(&fault_log, &topic, 3 * MINUTE, &line));
}

/* A hundred topics, each with a fault every 100 ms. */
static void all_topics_together_are_limited(void)
{
	static struct fault_topic topics[100];
	unsigned lines = 0, first_minute = 0, i;
	uint64_t now;

	begin();
	for (now = 0; now < 10 * HOUR; now += 100) {
		for (i = 0; i < 100; i++)
			lines += fault_log_take(&fault_log, &topics[i], now, &line);
		if (now < MINUTE)
			first_minute = lines;
	}
	CHECK(first_minute >= 8 && first_minute <= 14);
	CHECK(lines - first_minute <= 9 * 10 + 2);
	CHECK(lines >= 9 * 10);
}

int main(void)
{
	logs_the_first_and_counts_the_rest();
	begins_again_after_quiet_time();
	all_topics_together_are_limited();
	return 0;
}
