/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Decides which faults are logged, so that no fault floods the log.
 *
 * Faults of one topic are one line when they begin, and then a line with their number at
 * growing intervals: 1 min, 2 min, 4 min, and so on up to an hour.  A topic that was quiet
 * for a whole interval begins again.  All topics together are limited to 12 lines at once,
 * and one line more every 6 min 40 s (9 an hour), so that with the few lines that are not
 * faults, the log has at most 20 lines in the first minute and 10 an hour later.
 *
 * Pure: no clock, no I/O.  Times are monotonic milliseconds.  A zeroed struct is a log
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
	unsigned unlogged;
};

/* The limit of all topics. */
struct fault_log {
	uint64_t used_ms;	/* lines × FAULT_LOG_LINE_MS, less the time that has passed */
	uint64_t at_ms;
};

/* A line that is due. */
struct fault_line {
	unsigned unlogged;	/* faults before this one that were not logged */
	uint64_t unlogged_ms;	/* the time since the first of them */
};

/* A fault of this topic at now_ms.  Returns whether it is to be logged, with *line. */
bool fault_log_take(struct fault_log *log, struct fault_topic *topic, uint64_t now_ms,
		    struct fault_line *line);

/* The end of a fault that was logged.  Returns whether it is to be logged. */
bool fault_log_take_end(struct fault_log *log, uint64_t now_ms);

#endif
