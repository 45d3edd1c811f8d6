/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/unix-connect.h"
#include "tool/commands.h"

/* A server that has already closed the connection may still have sent something. */
static void send_request(int fd, const char *request)
{
	if (request && send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		errno = 0;
	shutdown(fd, SHUT_WR);
}

ssize_t status_client_ask(const char *path, const char *request, unsigned limit_s, char *text, size_t size)
{
	struct timeval timeout = { .tv_sec = limit_s };
	int fd = unix_connect(path, limit_s);
	size_t length = 0;
	ssize_t got = 0;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	send_request(fd, request);
	while (got >= 0 && length < size && (got = read(fd, text + length, size - length)) > 0)
		length += (size_t)got;
	/* A server that does not read the request resets the connection after its answer. */
	if (got < 0 && errno == ECONNRESET && length)
		got = 0;
	got = got < 0 ? -errno : (ssize_t)length;
	close(fd);
	return got;
}
