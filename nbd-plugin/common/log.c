/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/log.h"

void log_say(const struct log *log, enum log_level level, const char *fmt, ...)
{
	char message[1024];
	va_list args;

	if (!log || !log->write)
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof message, fmt, args);
	va_end(args);
	log->write(log->ctx, level, message);
}
