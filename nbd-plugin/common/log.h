/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Messages.  The front end (plugin, tool, test) decides where they go.  The engine logs
 * each event once, where the details are known, as one line without a newline: what
 * failed, on which object, and what happens next.
 */
#ifndef FARROOT_LOG_H
#define FARROOT_LOG_H

#include <pthread.h>
#include <stdbool.h>

#include "common/log-limit.h"

enum log_level {
	LOG_DETAIL,		/* for developers */
	LOG_NOTE,		/* an event to know once: sizes, recoveries */
	LOG_WARN,		/* a fault, and the engine handles it */
	LOG_FAULT		/* the same of a kind that may come again and again; written as LOG_WARN */
};

/* No server, disk or client can flood a log with a limiter: what the engine writes there.  All
 * threads of a front end share it.
 */
struct log_limiter {
	pthread_mutex_t lock;	/* protects all below */
	struct log_limit limit;
	unsigned unwritten;	/* notes and warnings that the limit has kept back */
};
#define LOG_LIMITER_INIT { .lock = PTHREAD_MUTEX_INITIALIZER }

struct log {
	/* Must be thread-safe.  message is valid only during the call. */
	void (*write)(void *ctx, enum log_level level, const char *message);
	void *ctx;
	/* A process that runs for long has one; NULL: no limit. */
	struct log_limiter *limiter;
};

/* Formats a message, at most 1023 bytes, makes it printable as printable.h does, and hands it
 * to log->write.  A line beyond the limit becomes LOG_DETAIL, and the next line tells the
 * number of such lines, without those of LOG_FAULT, which the caller counts.  log may be NULL.
 * Returns whether the line was written at its own level.  Any thread; blocks only if log->write
 * does.
 */
bool log_say(const struct log *log, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Counts a line of LOG_FAULT that another library has written to this log.  Any thread. */
void log_count_foreign(const struct log *log);

#endif
