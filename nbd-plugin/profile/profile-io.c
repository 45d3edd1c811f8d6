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

#include "profile/cmd-profile.h"

/* Reads a whole file, or standard input for "-".  Returns the text, malloc'ed, or NULL
 * after printing the reason.
 */
static char *load_text(const char *command, const char *path, size_t max, size_t *length)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *from = is_stdin ? stdin : fopen(path, "re");
	char *text = from ? malloc(max) : NULL;

	if (text)
		*length = fread(text, 1, max, from);
	if (!text || ferror(from)) {
		fprintf(stderr, "farroot %s: %s: %s\n", command, path, strerror(errno));
		free(text);
		text = NULL;
	}
	if (from && !is_stdin)
		fclose(from);
	return text;
}

int profile_load(const char *command, const char *path, struct profile *out)
{
	size_t length;
	char *text = load_text(command, path, PROFILE_MAX_BYTES + 1, &length), why[128];
	int err;

	memset(out, 0, sizeof *out);
	if (!text)
		return -1;
	err = profile_parse(text, length, out, why, sizeof why);
	free(text);
	if (!err)
		return 0;
	fprintf(stderr, "farroot %s: %s: %s\n", command, path, why);
	profile_free(out);
	return -1;
}

int file_list_load(const char *command, const char *path, struct file_list *out)
{
	size_t length;
	char *text = load_text(command, path, FILE_LIST_MAX_BYTES + 1, &length), why[128];
	int err;

	memset(out, 0, sizeof *out);
	if (!text)
		return -1;
	err = file_list_parse(text, length, out, why, sizeof why);
	free(text);
	if (!err)
		return 0;
	fprintf(stderr, "farroot %s: %s: %s\n", command, path, why);
	file_list_free(out);
	return -1;
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
