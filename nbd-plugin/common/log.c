/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/printable.h"

/* Returns whether the line may be written; then *unwritten is the number of lines to tell. */
static bool take_line(struct log_limiter *limiter, enum log_level level, unsigned *unwritten)
{
	bool may_write;

	pthread_mutex_lock(&limiter->lock);
	may_write = log_limit_take(&limiter->limit, clock_ms(), level == LOG_FAULT);
	if (may_write) {
		*unwritten = limiter->unwritten;
		limiter->unwritten = 0;
	} else if (level != LOG_FAULT) {
		limiter->unwritten++;
	}
	pthread_mutex_unlock(&limiter->lock);
	return may_write;
}

static void add_unwritten(char *message, size_t size, unsigned unwritten)
{
	size_t length = strlen(message);

	snprintf(message + length, size - length, " (%u other lines before this one were not logged: too many)",
		 unwritten);
}

bool log_say(const struct log *log, enum log_level level, const char *fmt, ...)
{
	unsigned unwritten = 0;
	bool may_write = true;
	char message[1024];
	va_list args;

	if (!log || !log->write)
		return false;
	va_start(args, fmt);
	vsnprintf(message, sizeof message, fmt, args);
	va_end(args);
	/* A server's text must not control a terminal or add lines. */
	make_printable(message);
	if (log->limiter && level != LOG_DETAIL)
		may_write = take_line(log->limiter, level, &unwritten);
	if (unwritten)
		add_unwritten(message, sizeof message, unwritten);
	if (level == LOG_FAULT)
		level = LOG_WARN;
	log->write(log->ctx, may_write ? level : LOG_DETAIL, message);
	return may_write;
}

void log_count_foreign(const struct log *log)
{
	pthread_mutex_lock(&log->limiter->lock);
	log_limit_take(&log->limiter->limit, clock_ms(), true);
	pthread_mutex_unlock(&log->limiter->lock);
}
