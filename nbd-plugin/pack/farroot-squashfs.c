/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The helper program that farroot(1) runs for commands that need libsquashfs.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "profile/cmd-profile.h"
#include "tool/commands.h"

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "files"))
		return cmd_profile_files(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "pack"))
		return cmd_pack_layout(argc - 1, argv + 1);
	fprintf(stderr, "farroot-squashfs: do not run this directly; farroot runs it\n");
	return EXIT_USAGE;
}
