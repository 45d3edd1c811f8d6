/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The commands of the rescue system are scripts of the package farroot-rescue, which only
 * the rescue system has.  Those that reach a machine in its rescue system are scripts, too.
 */
#include "config.h"

#include <stdio.h>

#include "tool/commands.h"

static int run_script(const char *folder, int argc, char **argv)
{
	char script[64];

	snprintf(script, sizeof script, "%s/%s", folder, argv[0]);
	return helper_program_run(argv[0], script, (size_t)argc - 1, argv + 1);
}

int cmd_rescue(int argc, char **argv)
{
	return run_script("rescue", argc, argv);
}

int cmd_reach(int argc, char **argv)
{
	return run_script("reach", argc, argv);
}
