/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Every initramfs contains farroot(1).  Therefore code that needs additional libraries, or
 * that a booting machine does not use, is in separate helper programs.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/commands.h"

/* Finds the folder of this program, with a / at the end; "" if it is not known. */
static void find_self(char *self, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", self, size - 1);

	while (length > 0 && self[length - 1] != '/')
		length--;
	self[length > 0 ? length : 0] = '\0';
}

/* Returns the path of the helper, malloc'ed: in the folder that the environment names, in
 * the folder of this program (a build tree), near this program (a moved installation), or
 * in the configured folder, whether the helper exists there or not.  NULL: out of memory.
 */
static char *find_helper(const char *name)
{
	const char *libexec = getenv("FARROOT_LIBEXECDIR");
	char self[4096], *path;
	size_t i;

	find_self(self, sizeof self);
	const char *const places[][2] = {
		{ libexec ? libexec : "", "/" }, { self, "" }, { self, "../libexec/farroot/" },
	};

	for (i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (!*places[i][0] || asprintf(&path, "%s%s%s", places[i][0], places[i][1], name) < 0)
			continue;
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return asprintf(&path, FARROOT_LIBEXECDIR "/%s", name) < 0 ? NULL : path;
}

int helper_program_run(const char *command, const char *name, size_t argc, char *const argv[])
{
	char *program = find_helper(name), **args = calloc(argc + 2, sizeof *args);

	if (program && args) {
		args[0] = program;
		memcpy(args + 1, argv, argc * sizeof *args);
		execv(program, args);
	}
	fprintf(stderr, "farroot%s%s: %s: %s\n", *command ? " " : "", command,
		program ? program : name, strerror(errno));
	free(program);
	free(args);
	return EXIT_FAILURE;
}
