/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd-profile.h"
#include "tool.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "record", cmd_profile_record, "save what a machine has read, or what a boot reads" },
	{ "show", cmd_profile_show, "draw what a profile reads over its image" },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void help(void)
{
	size_t i;

	printf("Usage: farroot profile COMMAND [OPTION]...\n"
	       "Handles profiles: what a boot reads of an image, in the order in which it does.\n\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].summary);
	printf("\n      --help     show this, or with a command its options\n");
}

int profile_load(const char *command, const char *path, struct profile *out)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *from = is_stdin ? stdin : fopen(path, "re");
	char *text = malloc(PROFILE_MAX_BYTES + 1), why[128];
	size_t length;
	int err = -1;

	memset(out, 0, sizeof *out);
	if (!from || !text) {
		fprintf(stderr, "farroot %s: %s: %s\n", command, path, strerror(errno));
		goto out;
	}
	length = fread(text, 1, PROFILE_MAX_BYTES + 1, from);
	if (ferror(from)) {
		fprintf(stderr, "farroot %s: %s: %s\n", command, path, strerror(errno));
		goto out;
	}
	err = profile_parse(text, length, out, why, sizeof why);
	if (err) {
		fprintf(stderr, "farroot %s: %s: %s\n", command, path, why);
		profile_free(out);
		err = -1;
	}
out:
	if (from && !is_stdin)
		fclose(from);
	free(text);
	return err;
}

static int write_file(const char *path, const struct profile *profile)
{
	FILE *to = fopen(path, "we");
	int err;

	if (!to)
		return -errno;
	err = profile_write(profile, to);
	if (!err && (fflush(to) || fsync(fileno(to))))
		err = -errno;
	if (fclose(to) && !err)
		err = -errno;
	return err;
}

int profile_save(const char *command, const char *path, const struct profile *profile)
{
	char *temporary = NULL;
	int err;

	if (!path || !strcmp(path, "-")) {
		err = profile_write(profile, stdout);
		if (!err && fflush(stdout))
			err = -errno;
		path = "standard output";
	} else if (asprintf(&temporary, "%s.new", path) < 0) {
		err = -ENOMEM;
	} else {
		err = write_file(temporary, profile);
		if (!err && rename(temporary, path))
			err = -errno;
		if (err)
			unlink(temporary);
		free(temporary);
	}
	if (err)
		fprintf(stderr, "farroot %s: %s: %s\n", command, path, strerror(-err));
	return err ? -1 : 0;
}

int cmd_profile(int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		return tool_usage_error("profile", "a command is missing");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help();
		return 0;
	}
	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return tool_usage_error("profile", "%s: unknown command", argv[1]);
}
