/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/no-echo.h"
#include "common/secret.h"

bool secret_is_key(const char *key)
{
	return !strcmp(key, "cookie") || !strcmp(key, "password") || !strcmp(key, "proxy-password");
}

/* Reads a line without its end; *line is malloc'ed.  The end of the file is -ENODATA. */
static int read_line(FILE *from, char **line)
{
	size_t size = 0;
	ssize_t length;

	*line = NULL;
	errno = 0;
	length = getline(line, &size, from);
	if (length < 0) {
		free(*line);
		*line = NULL;
		return errno ? -errno : -ENODATA;
	}
	if (length && (*line)[length - 1] == '\n')
		(*line)[length - 1] = '\0';
	return 0;
}

/* Closes fd. */
static int read_fd(int fd, char **line)
{
	FILE *from = fdopen(fd, "r");
	int err = from ? read_line(from, line) : -errno;

	if (from)
		fclose(from);
	else
		close(fd);
	return err;
}

static int read_file(const char *path, char **line)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : read_fd(fd, line);
}

static int read_numbered(const char *text, char **line)
{
	uint64_t fd;

	/* These three belong to the terminal or to the log. */
	if (parse_size(text, &fd) || fd <= STDERR_FILENO || fd > INT32_MAX)
		return -EBADF;
	return read_fd((int)fd, line);
}

static int read_terminal(const char *key, char **line)
{
	int err = no_echo_begin();

	if (err)
		return err;
	fprintf(stderr, "%s: ", key);
	err = read_line(stdin, line);
	no_echo_end();
	fputc('\n', stderr);
	return err;
}

/* Reads value, which begins with + or -. */
static int read_secret(const char *key, const char *value, char **secret)
{
	if (value[0] == '+')
		return read_file(value + 1, secret);
	return value[1] ? read_numbered(value + 1, secret) : read_terminal(key, secret);
}

static const char *reason(int err)
{
	switch (err) {
	case -ENODATA:
		return "there is no line to read";
	case -EBADF:
		return "not an open file descriptor of 3 or more";
	case -ENOTTY:
		return "standard input is not a terminal";
	default:
		return strerror(-err);
	}
}

static void say_reason(const char *key, const char *value, int err, char *why, size_t why_size)
{
	/* A secret that begins with - may have been given as it is. */
	const char *form = value[0] == '+' ? value : value[1] ? "-FD" : "-";

	snprintf(why, why_size, "%s=%s: %s", key, form, reason(err));
}

/* Whether the engine can read the file of +FILE, and read it again when it has changed. */
static bool is_for_engine(const char *key, const char *value)
{
	struct stat st;

	return strcmp(key, "proxy-password") && value[0] == '+' && !stat(value + 1, &st) &&
	       S_ISREG(st.st_mode);
}

/* A server changes its directory later. */
static char *absolute(const char *path)
{
	char *folder = get_current_dir_name(), *joined = NULL;

	if (*path == '/')
		joined = strdup(path);
	else if (folder && asprintf(&joined, "%s/%s", folder, path) < 0)
		joined = NULL;
	free(folder);
	return joined;
}

static int set_file(struct options *o, const char *key, const char *path, char *why, size_t why_size)
{
	char *whole = absolute(path);
	int err = whole ? options_set(o, !strcmp(key, "cookie") ? "cookie-file" : "password-file",
				      whole, why, why_size) : -ENOMEM;

	free(whole);
	return err;
}

int secret_set(struct options *o, const char *key, const char *value, char *why, size_t why_size)
{
	char *secret = NULL;
	int err;

	why[0] = '\0';
	if (is_for_engine(key, value))
		return set_file(o, key, value + 1, why, why_size);
	if (value[0] != '+' && value[0] != '-')
		return options_set(o, key, value, why, why_size);
	err = read_secret(key, value, &secret);
	if (err) {
		say_reason(key, value, err, why, why_size);
		return err;
	}
	err = options_set(o, key, secret, why, why_size);
	explicit_bzero(secret, strlen(secret));
	free(secret);
	return err;
}
