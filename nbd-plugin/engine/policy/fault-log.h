/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Decides which faults of one topic are logged: one line when they begin, and then a line with
 * their number at growing intervals: 1 min, 2 min, 4 min, and so on up to an hour.  A topic that
 * was quiet for a whole interval begins again.  How many lines all topics may have together is
 * the limit of the log (log-limit.h).
 *
 * Pure: no clock, no I/O.  Times are monotonic milliseconds.  A zeroed struct is a topic
 * without faults.
 */
#ifndef FARROOT_FAULT_LOG_H
#define FARROOT_FAULT_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Faults that are logged together. */
struct fault_topic {
	uint64_t next_line_ms;
	uint64_t interval_ms;
	uint64_t since_ms;	/* of the first fault that was not logged */
	unsigned unlogged;	/* faults since the last line */
};

/* Whether a fault of this topic at now_ms is to be logged.  Then call one of the other two. */
bool fault_topic_is_due(const struct fault_topic *topic, uint64_t now_ms);

/* The fault was logged, or was not. */
void fault_topic_logged(struct fault_topic *topic, uint64_t now_ms);
void fault_topic_unlogged(struct fault_topic *topic, uint64_t now_ms);

#endif
