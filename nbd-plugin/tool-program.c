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

#include "tool.h"

#define PROGRAM "farroot-squashfs"

/* In a build tree it is beside this one. */
static char *find_program(void)
{
	const char *folder = getenv("FARROOT_LIBEXECDIR");
	char self[4096], *path;
	ssize_t length;

	if (folder && asprintf(&path, "%s/" PROGRAM, folder) >= 0) {
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	length = readlink("/proc/self/exe", self, sizeof self - 1);
	while (length > 0 && self[length - 1] != '/')
		length--;
	if (length > 0 && asprintf(&path, "%.*s" PROGRAM, (int)length, self) >= 0) {
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return asprintf(&path, "%s/" PROGRAM, FARROOT_LIBEXECDIR) < 0 ? NULL : path;
}

int tool_squashfs(int argc, char *const argv[])
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
