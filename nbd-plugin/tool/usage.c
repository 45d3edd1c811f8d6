/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "tool/commands.h"

int tool_usage_error(const char *command, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "farroot %s: ", command);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\nTry 'farroot %s --help'.\n", command);
	return EXIT_USAGE;
}
