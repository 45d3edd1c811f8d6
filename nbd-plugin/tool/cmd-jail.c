/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * farroot jail: runs a program that the root file system depends on in a sandbox.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tool/commands.h"
#include "tool/sandbox.h"

static const char usage[] =
"Usage: farroot jail [OPTION]... DIRECTORY PROGRAM [ARGUMENT]...\n"
"Runs PROGRAM in a sandbox for servers that the root file system depends on.\n"
"DIRECTORY is its root directory.  PROGRAM has no capabilities, its own session\n"
"and the highest processor priority, and may lock its memory.  The OOM killer and\n"
"systemd's shutdown do not kill it (its name begins with @).\n"
"\n"
"  -l, --log=FILE   append the output of PROGRAM to FILE, outside DIRECTORY\n"
"      --help       show this\n";

int cmd_jail(int argc, char **argv)
{
	static const struct option options[] = {
		{ "log", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *log_path = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "+l:h", options, NULL)) != -1) {
		switch (opt) {
		case 'l':
			log_path = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			return tool_usage_error("jail", "bad option");
		}
	}
	if (argc - optind < 2)
		return tool_usage_error("jail", "give a DIRECTORY and a PROGRAM");
	return sandbox_exec(argv[optind], log_path, argv + optind + 1);
}
