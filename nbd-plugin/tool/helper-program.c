/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What takes libraries that a booting machine has no use for is a program of its
 * own: farroot(1) itself goes into every initramfs.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/commands.h"

#define PROGRAM "farroot-squashfs"

/* The folder of this program, with a / at the end; "" if that is not known. */
static void find_self(char *self, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", self, size - 1);

	while (length > 0 && self[length - 1] != '/')
		length--;
	self[length > 0 ? length : 0] = '\0';
}

/* Beside this one in a build tree, and not far in one that was installed elsewhere
 * than it was configured for.
 */
static char *find_program(void)
{
	const char *libexec = getenv("FARROOT_LIBEXECDIR");
	char self[4096], *path;
	size_t i;

	find_self(self, sizeof self);
	const char *const places[][2] = {
		{ libexec ? libexec : "", "/" }, { self, "" }, { self, "../libexec/farroot/" },
	};

	for (i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (!*places[i][0] || asprintf(&path, "%s%s" PROGRAM, places[i][0], places[i][1]) < 0)
			continue;
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return asprintf(&path, "%s/" PROGRAM, FARROOT_LIBEXECDIR) < 0 ? NULL : path;
}

int helper_program_squashfs(int argc, char *const argv[])
{
	char *program = find_program(), **args = calloc((size_t)argc + 2, sizeof *args);

	if (program && args) {
		args[0] = program;
		memcpy(args + 1, argv, (size_t)argc * sizeof *args);
		execv(program, args);
	}
	fprintf(stderr, "farroot: %s: %s\n", program ? program : PROGRAM, strerror(errno));
	free(program);
	free(args);
	return EXIT_FAILURE;
}
