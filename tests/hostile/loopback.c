/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loopback.h"

int loopback_socket(unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
	if (!bind(fd, (struct sockaddr *)&address, sizeof address))
		return fd;
	one = errno;
	close(fd);
	return -one;
}

int loopback_listen(unsigned port, int backlog)
{
	int fd = loopback_socket(port), err;

	if (fd < 0 || !listen(fd, backlog))
		return fd;
	err = errno;
	close(fd);
	return -err;
}

unsigned loopback_port(int fd)
{
	struct sockaddr_in address;
	socklen_t length = sizeof address;

	if (getsockname(fd, (struct sockaddr *)&address, &length))
		abort();
	return ntohs(address.sin_port);
}

void loopback_no_delay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}
