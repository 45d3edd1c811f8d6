/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The commands of the rescue system are scripts of the package farroot-rescue, which only
 * the rescue system has.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/commands.h"

int cmd_rescue(int argc, char **argv)
{
	char path[64];

	snprintf(path, sizeof path, FARROOT_LIBEXECDIR "/rescue/%s", argv[0]);
	argv[0] = path;
	execv(path, argv);
	fprintf(stderr, "farroot: %s: %s; this is a command of the rescue system\n", path, strerror(errno));
	(void)argc;
	return EXIT_USAGE;
}
