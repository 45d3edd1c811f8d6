/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * farroot fleet is the helper program farroot-fleet, which needs Python and is for servers only.
 */
#include "config.h"

#include <stdio.h>

#include "tool/commands.h"

int cmd_fleet(int argc, char **argv)
{
	int status = helper_program_run(argv[0], HELPER_FLEET, (size_t)argc - 1, argv + 1);

	fprintf(stderr, "Install the package farroot-fleet: apt-get install farroot-fleet\n");
	return status;
}
