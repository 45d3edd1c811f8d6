/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/status-file.h"

/* path: the socket's, whose ending is replaced. */
static int path_of(const char *socket_path, const char *ending, char path[PATH_MAX])
{
	size_t length = strlen(socket_path);

	if (length >= 5 && !strcmp(socket_path + length - 5, ".sock"))
		length -= 5;
	return snprintf(path, PATH_MAX, "%.*s%s", (int)length, socket_path, ending) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int status_file_write(const char *socket_path, const char *text, size_t length)
{
	char path[PATH_MAX], new[PATH_MAX];
	int fd, ret = 0;

	if (path_of(socket_path, ".json", path) || path_of(socket_path, ".json.new", new))
		return -ENAMETOOLONG;
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, length) != (ssize_t)length)
		ret = -EIO;
	close(fd);
	if (ret == 0 && rename(new, path) < 0)
		ret = -errno;
	return ret;
}

ssize_t status_file_read(const char *socket_path, char *text, size_t size)
{
	char path[PATH_MAX];
	ssize_t got;
	int fd;

	if (path_of(socket_path, ".json", path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, text, size);
	if (got < 0)
		got = -errno;
	close(fd);
	return got;
}

void status_file_remove(const char *socket_path)
{
	char path[PATH_MAX];

	if (!path_of(socket_path, ".json", path))
		unlink(path);
}
