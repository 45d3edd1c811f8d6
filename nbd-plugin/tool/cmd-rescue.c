/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The commands of the rescue system are scripts of the package farroot-rescue, which only
 * the rescue system has.
 */
#include "config.h"

#include <stdio.h>

#include "tool/commands.h"

int cmd_rescue(int argc, char **argv)
{
	char script[64];

	snprintf(script, sizeof script, "rescue/%s", argv[0]);
	return helper_program_run(argv[0], script, (size_t)argc - 1, argv + 1);
}
