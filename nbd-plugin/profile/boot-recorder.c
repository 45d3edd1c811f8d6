/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profile/cmd-profile.h"
#include "tool/commands.h"

#define NAME "profile record"

int profile_boot_add(struct profile_boot *b, const char *key, const char *value)
{
	char *text;

	if (b->count >= PROFILE_BOOT_ARGS || asprintf(&text, "%s=%s", key, value) < 0)
		return -ENOMEM;
	b->args[b->count++] = text;
	return 0;
}

/* Checks here, because the message of the helper program would be less clear. */
static int check_readable(const char *path)
{
	if (!access(path, R_OK))
		return 0;
	fprintf(stderr, "farroot " NAME ": %s: %s\n", path, strerror(errno));
	return -1;
}

int profile_boot(struct profile_boot *b, char *const files[3], const char *output)
{
	static const char *const keys[] = { "kernel", "initrd", "image" };
	char self[4096], *beside = NULL;
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	int err = length < 0 ? -errno : 0;
	size_t i;

	for (i = 0; i < 3; i++)
		if (check_readable(files[i]))
			return EXIT_FAILURE;
	if (!err) {
		self[length] = '\0';
		err = profile_boot_add(b, "farroot", self);
	}
	for (i = 0; i < 3 && !err; i++)
		err = profile_boot_add(b, keys[i], files[i]);
	if (!err && !output && asprintf(&beside, "%s.profile", files[2]) < 0)
		err = -ENOMEM;
	if (!err)
		err = profile_boot_add(b, "output", output ? output : beside);
	free(beside);
	if (!err)
		return helper_program_run(NAME, HELPER_PROFILE_BOOT, b->count, b->args);
	fprintf(stderr, "farroot " NAME ": %s\n", strerror(-err));
	return EXIT_FAILURE;
}
