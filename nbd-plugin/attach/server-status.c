/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach/server-status.h"
#include "common/status.h"
#include "common/status-file.h"

#define TEXT_BYTES 65536
#define LIMIT_S 1

/* A server that is stopped may not take the connection: no longer than this for each step. */
static int connect_in_time(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = LIMIT_S };
	int fd;

	if (strlen(path) >= sizeof to.sun_path)
		return -1;
	strcpy(to.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The server sends one line, and waits for the end of the client's requests. */
static size_t ask(const char *path, char text[TEXT_BYTES])
{
	int fd = connect_in_time(path);
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return 0;
	shutdown(fd, SHUT_WR);
	while (length < TEXT_BYTES && (got = read(fd, text + length, TEXT_BYTES - length)) > 0) {
		length += (size_t)got;
		if (text[length - 1] == '\n')
			break;
	}
	close(fd);
	return length;
}

bool server_status_is_complete(const char *socket_path)
{
	static char text[TEXT_BYTES];
	size_t length = ask(socket_path, text);
	struct status s;

	if (!length || status_from_json(text, length, &s) || s.state != STATUS_MATERIALIZED ||
	    s.cache_bytes < s.image_bytes)
		return false;
	status_file_write(socket_path, text, length);
	return true;
}
