/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Messages.  The front end (plugin, tool, test) decides where they go.  The engine logs
 * each event once, where the details are known, as one line without a newline: what
 * failed, on which object, and what happens next.
 */
#ifndef FARROOT_LOG_H
#define FARROOT_LOG_H

enum log_level {
	LOG_DETAIL,		/* for developers */
	LOG_NOTE,		/* an event to know once: sizes, recoveries */
	LOG_WARN		/* a fault, and the engine handles it */
};

struct log {
	/* Must be thread-safe.  message is valid only during the call. */
	void (*write)(void *ctx, enum log_level level, const char *message);
	void *ctx;
};

/* Formats a message, at most 1023 bytes, replaces its control characters by "?", and hands
 * it to log->write.  log may be NULL.
 * Any thread; blocks only if log->write does.
 */
void log_say(const struct log *log, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
