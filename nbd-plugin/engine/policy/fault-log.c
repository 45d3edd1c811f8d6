/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "engine/policy/fault-log.h"

#define INTERVAL_FIRST_MS 60000
#define INTERVAL_MAX_MS 3600000

bool fault_topic_is_due(const struct fault_topic *topic, uint64_t now_ms)
{
	return !topic->interval_ms || now_ms >= topic->next_line_ms;
}

static uint64_t next_interval(const struct fault_topic *topic, uint64_t now_ms)
{
	uint64_t next = 2 * topic->interval_ms;

	/* A quiet interval: what comes now begins again. */
	if (!topic->interval_ms || (!topic->unlogged && now_ms - topic->next_line_ms >= topic->interval_ms))
		return INTERVAL_FIRST_MS;
	return next < INTERVAL_MAX_MS ? next : INTERVAL_MAX_MS;
}

void fault_topic_logged(struct fault_topic *topic, uint64_t now_ms)
{
	topic->interval_ms = next_interval(topic, now_ms);
	topic->next_line_ms = now_ms + topic->interval_ms;
	topic->unlogged = 0;
}

void fault_topic_unlogged(struct fault_topic *topic, uint64_t now_ms)
{
	if (!topic->unlogged++)
		topic->since_ms = now_ms;
}
