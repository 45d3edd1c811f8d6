/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dead-origin.h"
#include "loopback.h"

#define STEP_US 10000
/* A look-up that no name server answers ends after this time: three name servers, 5 s each, twice. */
#define SILENCE_MS 30000
/* One whose first name servers don't answer in time. */
#define SLOW_MS 200

static _Atomic unsigned lookups;
static int stop = -1;	/* an eventfd */

static void look_up_for(int ms)
{
	struct pollfd p = { .fd = stop, .events = POLLIN };

	lookups++;
	poll(&p, 1, ms);
	lookups--;
}

/* libcurl calls this one. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

	memcpy(&real, &symbol, sizeof real);
	if (node && !strcmp(node, "silent.invalid")) {
		look_up_for(SILENCE_MS);
		return EAI_AGAIN;
	}
	if (node && !strcmp(node, "unknown.invalid"))
		return EAI_NONAME;
	if (node && !strcmp(node, SLOW_NAME)) {
		look_up_for(SLOW_MS);
		node = "127.0.0.1";
	}
	return real(node, service, hints, out);
}

/* A listening socket whose queue is full: the kernel drops each SYN. */
static void fill_queue(struct dead_origin *d)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = loopback_listen(0, 0);

	if (fd < 0)
		abort();
	d->port = loopback_port(fd);
	address.sin_port = htons((uint16_t)d->port);
	d->sockets[d->count++] = fd;
	while (d->count < DEAD_SOCKETS) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0)
			abort();
		/* The first are accepted by the kernel, the others wait. */
		(void)!connect(fd, (struct sockaddr *)&address, sizeof address);
		d->sockets[d->count++] = fd;
	}
}

void dead_origin_begin(struct dead_origin *d, enum dead_kind kind, char *url, size_t size)
{
	*d = (struct dead_origin){ .port = 80 };
	stop = eventfd(0, EFD_CLOEXEC);
	if (stop < 0)
		abort();
	if (kind == DEAD_ADDRESS_SILENT)
		fill_queue(d);
	snprintf(url, size, "http://%s:%u/image", kind == DEAD_ADDRESS_SILENT ? "127.0.0.1" :
		 kind == DEAD_NAME_SILENT ? "silent.invalid" : "unknown.invalid", d->port);
}

void dead_origin_end(struct dead_origin *d)
{
	eventfd_write(stop, 1);
	while (lookups)
		usleep(STEP_US);
	close(stop);
	stop = -1;
	while (d->count)
		close(d->sockets[--d->count]);
}

const char *dead_kind_name(enum dead_kind kind)
{
	static const char *const names[DEAD_KINDS] = {
		"none", "name unknown", "name silent", "address silent" };

	return names[kind];
}
