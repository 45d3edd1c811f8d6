/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Where messages go.  The front end (plugin, tool, test) decides; the engine
 * says each thing once, where the detail is known, as one line without a
 * newline: what failed, on what, and what happens next.
 */
#ifndef FARROOT_LOG_H
#define FARROOT_LOG_H

enum log_level {
	LOG_DETAIL,		/* for developers */
	LOG_NOTE,		/* worth knowing once: sizes, recoveries */
	LOG_WARN		/* something is wrong and being dealt with */
};

struct log {
	/* Must be thread-safe; message is valid for the call only. */
	void (*write)(void *ctx, enum log_level level, const char *message);
	void *ctx;
};

/* Never blocks beyond what the front end's writer does; log may be NULL. */
void log_say(const struct log *log, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
