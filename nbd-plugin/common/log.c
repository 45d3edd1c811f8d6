/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/log.h"

/* A server's text must not control a terminal or add lines. */
static void replace_control_characters(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void log_say(const struct log *log, enum log_level level, const char *fmt, ...)
{
	char message[1024];
	va_list args;

	if (!log || !log->write)
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof message, fmt, args);
	va_end(args);
	replace_control_characters(message);
	log->write(log->ctx, level, message);
}
