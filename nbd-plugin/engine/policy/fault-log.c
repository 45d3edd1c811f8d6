/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "engine/policy/fault-log.h"

#define INTERVAL_FIRST_MS 60000
#define INTERVAL_MAX_MS 3600000
#define LINE_MS 400000
#define LINES_AT_ONCE 12

bool fault_log_take_end(struct fault_log *log, uint64_t now_ms)
{
	uint64_t passed = now_ms - log->at_ms;

	log->used_ms = log->used_ms > passed ? log->used_ms - passed : 0;
	log->at_ms = now_ms;
	if (log->used_ms > (LINES_AT_ONCE - 1) * (uint64_t)LINE_MS)
		return false;
	log->used_ms += LINE_MS;
	return true;
}

static uint64_t next_interval(const struct fault_topic *topic, uint64_t now_ms)
{
	uint64_t next = 2 * topic->interval_ms;

	/* A quiet interval: what comes now begins again. */
	if (!topic->interval_ms || (!topic->unlogged && now_ms - topic->next_line_ms >= topic->interval_ms))
		return INTERVAL_FIRST_MS;
	return next < INTERVAL_MAX_MS ? next : INTERVAL_MAX_MS;
}

bool fault_log_take(struct fault_log *log, struct fault_topic *topic, uint64_t now_ms,
		    struct fault_line *line)
{
	bool due = !topic->interval_ms || now_ms >= topic->next_line_ms;

	if (!due || !fault_log_take_end(log, now_ms)) {
		if (!topic->unlogged++)
			topic->since_ms = now_ms;
		return false;
	}
	line->unlogged = topic->unlogged;
	line->unlogged_ms = topic->unlogged ? now_ms - topic->since_ms : 0;
	topic->interval_ms = next_interval(topic, now_ms);
	topic->next_line_ms = now_ms + topic->interval_ms;
	topic->unlogged = 0;
	return true;
}
