/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Limits the lines of a log, whatever happens: at most 20 lines in the first minute after the
 * first line, and at most 10 lines in any hour after that minute.  The last quarter of the lines
 * that may be written at once is not for faults that come again and again, so that these do not
 * hide what happens once.
 *
 * Pure: no clock, no I/O, no lock.  Times are monotonic milliseconds.  A zeroed struct is a log
 * without lines.
 */
#ifndef FARROOT_LOG_LIMIT_H
#define FARROOT_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct log_limit {
	uint64_t began_ms, at_ms;
	uint64_t left_ms;	/* lines that may be written × 10 min */
	bool has_begun;
};

/* A line at now_ms; is_fault: of a kind that comes again and again.  Returns whether it may be
 * written.
 */
bool log_limit_take(struct log_limit *limit, uint64_t now_ms, bool is_fault);

#endif
