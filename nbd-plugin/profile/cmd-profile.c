/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "profile/cmd-profile.h"
#include "tool/commands.h"

static int files(int argc, char **argv)
{
	return helper_program_run("", HELPER_SQUASHFS, (size_t)argc, argv);
}

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "record", cmd_profile_record, "record a profile: of a running machine, a log or a boot" },
	{ "show", cmd_profile_show, "draw a profile as a map of its image" },
	{ "files", files, "translate between a profile and a list of files" },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void help(void)
{
	size_t i;

	printf("Usage: farroot profile COMMAND [OPTION]...\n"
	       "Handles profiles: the extents of an image that a boot reads, in order.\n\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].summary);
	printf("\n      --help     show this; after a command, show its options\n");
}

int cmd_profile(int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		return tool_usage_error("profile", "give a COMMAND");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help();
		return 0;
	}
	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return tool_usage_error("profile", "%s: unknown command", argv[1]);
}
