/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "common/log-limit.h"

#define MINUTE_MS 60000
#define LINES_OF_MINUTE 20
/* 4 lines at once, and one more every 10 min: at most 10 in an hour. */
#define LINES_AT_ONCE 4
#define LINE_MS (10ULL * MINUTE_MS)

/* Lines that may be written at once. */
static unsigned most(const struct log_limit *limit, uint64_t now_ms)
{
	return now_ms - limit->began_ms < MINUTE_MS ? LINES_OF_MINUTE : LINES_AT_ONCE;
}

static void pass_time(struct log_limit *limit, uint64_t now_ms)
{
	uint64_t max = most(limit, now_ms) * LINE_MS;

	/* What passes in the first minute counts for nothing: else it would have more lines. */
	if (now_ms - limit->began_ms >= MINUTE_MS)
		limit->left_ms += now_ms - limit->at_ms;
	if (limit->left_ms > max)
		limit->left_ms = max;
	limit->at_ms = now_ms;
}

bool log_limit_take(struct log_limit *limit, uint64_t now_ms, bool is_fault)
{
	uint64_t kept;

	if (!limit->has_begun) {
		limit->has_begun = true;
		limit->began_ms = limit->at_ms = now_ms;
		limit->left_ms = LINES_OF_MINUTE * LINE_MS;
	}
	pass_time(limit, now_ms);
	kept = is_fault ? most(limit, now_ms) / 4 * LINE_MS : 0;
	if (limit->left_ms < kept + LINE_MS)
		return false;
	limit->left_ms -= LINE_MS;
	return true;
}
