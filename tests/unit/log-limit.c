/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <string.h>

#include "check.h"
#include "common/log.h"

#define MINUTE 60000ULL
#define HOUR (60 * MINUTE)

/* Whatever the pauses between the bursts, no hour after the first minute has more lines. */
static void no_hour_has_more_than_ten_lines(void)
{
	static const uint64_t pauses[] = { 100, 7000, 15 * MINUTE, 59 * MINUTE, 5 * HOUR };
	uint64_t times[4000], now;
	struct log_limit limit;
	unsigned count, i, p, n;

	for (p = 0; p < sizeof pauses / sizeof pauses[0]; p++) {
		limit = (struct log_limit){ 0 };
		count = n = 0;
		for (now = 5; now < 300 * HOUR && count < 4000; now += pauses[p])
			for (i = 0; i < 30; i++)
				if (log_limit_take(&limit, now, i % 3 == 0))
					times[count++] = now;
		while (n < count && times[n] < 5 + MINUTE)
			n++;
		CHECK_EQ(n, 20);
		for (i = n + 10; i < count; i++)
			CHECK(times[i] - times[i - 10] >= HOUR);
		CHECK(count > n);
	}
}

static void faults_leave_lines_for_other_events(void)
{
	struct log_limit limit = { 0 };
	unsigned i, faults = 0, others = 0;

	for (i = 0; i < 100; i++)
		faults += log_limit_take(&limit, 1000, true);
	for (i = 0; i < 100; i++)
		others += log_limit_take(&limit, 1000, false);
	CHECK_EQ(faults, 15);
	CHECK_EQ(others, 5);
	for (i = faults = others = 0; i < 100; i++)
		faults += log_limit_take(&limit, 10 * HOUR, true);
	for (i = 0; i < 100; i++)
		others += log_limit_take(&limit, 10 * HOUR, false);
	CHECK_EQ(faults, 3);
	CHECK_EQ(others, 1);
}

struct heard {
	unsigned details, lines;
	char last[1024];
};

static void hear(void *ctx, enum log_level level, const char *message)
{
	struct heard *heard = ctx;

	CHECK(level <= LOG_WARN);
	if (level == LOG_DETAIL)
		heard->details++;
	else
		heard->lines++;
	snprintf(heard->last, sizeof heard->last, "%s", message);
}

static void a_log_with_a_limiter_is_limited(void)
{
	struct log_limiter limiter = LOG_LIMITER_INIT;
	struct heard heard = { 0 };
	struct log log = { .write = hear, .ctx = &heard, .limiter = &limiter };
	unsigned i, written = 0;

	for (i = 0; i < 1000; i++)
		written += log_say(&log, i % 2 ? LOG_NOTE : LOG_FAULT, "line %u", i);
	CHECK_EQ(heard.lines, 20);
	CHECK_EQ(heard.lines, written);
	CHECK_EQ(heard.details, 980);
	for (i = 0; i < 10; i++)
		CHECK(!log_say(&log, LOG_WARN, "line"));
	/* As after a long time. */
	limiter.limit.left_ms = 10 * MINUTE;
	CHECK(limiter.unwritten > 400);
	limiter.unwritten = 7;
	CHECK(log_say(&log, LOG_WARN, "at last"));
	CHECK(!strcmp(heard.last, "at last (7 other lines before this one were not logged: too many)"));
	CHECK_EQ(limiter.unwritten, 0);

	log.limiter = NULL;
	heard.lines = 0;
	for (i = 0; i < 100; i++)
		CHECK(log_say(&log, LOG_WARN, "line %u", i));
	CHECK_EQ(heard.lines, 100);
}

int main(void)
{
	no_hour_has_more_than_ten_lines();
	faults_leave_lines_for_other_events();
	a_log_with_a_limiter_is_limited();
	return 0;
}
