/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd-profile.h"
#include "tool.h"

static void help(void)
{
	printf("Usage: farroot profile record\n");
}

int cmd_profile_record(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--help")) {
		help();
		return 0;
	}
	return tool_usage_error("profile record", "not there yet");
}
