/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/http/preconnect.h"

/* Spare connections are for the requests of the next few round trips. */
#define SPARE_MAX_MS 5000

static void drop(struct preconnect *s, unsigned i)
{
	s->spare[i] = s->spare[--s->count];
}

/* Sets the address of all spares; those to another address are closed.  Returns false
 * for an address that is not numeric.
 */
static bool set_address(struct preconnect *s, const char *ip, int port)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found;
	char service[16];

	snprintf(service, sizeof service, "%d", port);
	if (getaddrinfo(ip, service, &hints, &found))
		return false;
	if (s->length != found->ai_addrlen || memcmp(&s->address, found->ai_addr, s->length)) {
		preconnect_close_all(s);
		memcpy(&s->address, found->ai_addr, found->ai_addrlen);
		s->length = found->ai_addrlen;
	}
	freeaddrinfo(found);
	return true;
}

void preconnect_start(struct preconnect *s, const char *ip, int port, unsigned count,
			uint64_t now_ms)
{
	int fd;

	if (count > OPTIONS_MAX_CONNECTIONS)
		count = OPTIONS_MAX_CONNECTIONS;
	if (!set_address(s, ip, port))
		return;
	while (s->count < count) {
		fd = socket(s->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return;
		if (connect(fd, (struct sockaddr *)&s->address, s->length) && errno != EINPROGRESS) {
			close(fd);
			return;
		}
		s->spare[s->count].fd = fd;
		s->spare[s->count++].since_ms = now_ms;
	}
}

bool preconnect_is_connected(curl_socket_t fd)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer;

	return getpeername(fd, (struct sockaddr *)&peer, &length) == 0;
}

/* Whether the server has neither refused or closed the connection nor sent anything, such
 * as an answer that it is overloaded.
 */
static bool is_silent(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLRDHUP };

	return poll(&p, 1, 0) == 0;
}

curl_socket_t preconnect_take(struct preconnect *s, const struct curl_sockaddr *address)
{
	bool is_ours = s->count && s->length == address->addrlen &&
		       !memcmp(&s->address, &address->addr, s->length);
	unsigned i;
	int fd;

	for (i = is_ours ? s->count : 0; i-- > 0;) {
		fd = s->spare[i].fd;
		if (!is_silent(fd)) {
			close(fd);
			drop(s, i);
		} else if (preconnect_is_connected(fd)) {
			drop(s, i);
			return fd;
		}
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void preconnect_close_old(struct preconnect *s, uint64_t now_ms)
{
	unsigned i;

	for (i = s->count; i-- > 0;) {
		if (now_ms - s->spare[i].since_ms < SPARE_MAX_MS)
			continue;
		close(s->spare[i].fd);
		drop(s, i);
	}
}

void preconnect_close_all(struct preconnect *s)
{
	while (s->count)
		close(s->spare[--s->count].fd);
}
