/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/policy/fault-log.h"

#define MINUTE 60000ULL

static struct fault_topic topic;

/* A fault; returns whether it is logged.  can_log: the log takes another line. */
static bool happens(uint64_t now_ms, bool can_log)
{
	if (!fault_topic_is_due(&topic, now_ms) || !can_log) {
		fault_topic_unlogged(&topic, now_ms);
		return false;
	}
	fault_topic_logged(&topic, now_ms);
	return true;
}

static void logs_the_first_and_counts_the_rest(void)
{
	int i;

	topic = (struct fault_topic){ 0 };
	CHECK(happens(1000, true));
	CHECK_EQ(topic.unlogged, 0);
	for (i = 0; i < 500; i++)
		CHECK(!happens(2000 + (uint64_t)i, true));
	CHECK_EQ(topic.unlogged, 500);
	CHECK_EQ(topic.since_ms, 2000);
	CHECK(happens(1000 + MINUTE, true));
	CHECK_EQ(topic.unlogged, 0);
	/* Then after two minutes. */
	CHECK(!happens(1000 + 3 * MINUTE - 1, true));
	CHECK(happens(1000 + 3 * MINUTE, true));
}

static void begins_again_after_quiet_time(void)
{
	topic = (struct fault_topic){ 0 };
	CHECK(happens(0, true));
	CHECK(happens(2 * MINUTE, true));
	CHECK(!happens(3 * MINUTE - 1, true));
	CHECK(happens(3 * MINUTE, true));
}

/* The line comes as soon as the log has room, with the number of faults. */
static void waits_for_the_log(void)
{
	topic = (struct fault_topic){ 0 };
	CHECK(!happens(1000, false));
	CHECK(!happens(2000, false));
	CHECK_EQ(topic.unlogged, 2);
	CHECK(happens(3000, true));
}

int main(void)
{
	logs_the_first_and_counts_the_rest();
	begins_again_after_quiet_time();
	waits_for_the_log();
	return 0;
}
