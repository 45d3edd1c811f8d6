/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include "engine/http/server-clock.h"

/* After an answer that did not help. */
#define ASK_AGAIN_MS 60000

bool server_clock_may_ask(const struct server_clock *clock, uint64_t now_ms)
{
	return !clock->answered_ms || now_ms - clock->answered_ms >= ASK_AGAIN_MS;
}

bool server_clock_answer(struct server_clock *clock, int64_t date, int64_t system, uint64_t now_ms)
{
	clock->answered_ms = now_ms;
	if (date <= system)
		return false;
	clock->date = date;
	clock->date_ms = now_ms;
	return true;
}

int64_t server_clock_time(const struct server_clock *clock, int64_t system, uint64_t now_ms)
{
	int64_t now = clock->date + (int64_t)((now_ms - clock->date_ms) / 1000);

	return clock->date && now > system ? now : 0;
}

const char *server_clock_text(int64_t time, char *out, size_t size)
{
	time_t seconds = (time_t)time;
	struct tm broken;

	if (!gmtime_r(&seconds, &broken) || !strftime(out, size, "%Y-%m-%d %H:%M UTC", &broken))
		snprintf(out, size, "?");
	return out;
}
