/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A thread accepts; each connection has one thread, which is the only one to use its sockets.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "loopback.h"
#include "relay.h"
#include "tls-server.h"

#define STEP_MS 20
#define PIECE_BYTES 65536
#define BACKLOG 64

struct relay {
	unsigned port, target, delay_ms;
	bool tls;
	int listener;
	pthread_t acceptor;
	_Atomic bool stopping;
	_Atomic unsigned connections;
};

/* One end: what was read here goes to the other. */
struct end {
	int fd;
	struct tls_end *tls;	/* NULL: none */
	uint64_t last_ms;	/* of the last bytes */
};

struct pair {
	struct relay *relay;
	struct end ends[2];
};

static int connect_to(unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address)) {
		close(fd);
		return -1;
	}
	loopback_no_delay(fd);
	return fd;
}

static ssize_t put_some(const struct end *end, const char *bytes, size_t count)
{
	ssize_t put;

	if (end->tls)
		return tls_end_write(end->tls, bytes, count);
	put = send(end->fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
	return put < 0 ? -errno : put;
}

static bool send_all(struct relay *r, const struct end *end, const char *bytes, ssize_t count)
{
	struct pollfd p = { .fd = end->fd, .events = POLLOUT };
	ssize_t put;

	while (count && !r->stopping) {
		if (poll(&p, 1, STEP_MS) <= 0)
			continue;
		put = put_some(end, bytes, (size_t)count);
		if (put < 0 && put != -EAGAIN)
			return false;
		if (put > 0) {
			bytes += put;
			count -= put;
		}
	}
	return !count;
}

static ssize_t get_some(const struct end *end, char *piece)
{
	ssize_t got;

	if (end->tls)
		return tls_end_read(end->tls, piece, PIECE_BYTES);
	got = recv(end->fd, piece, PIECE_BYTES, 0);
	return got < 0 ? -errno : got;
}

/* The first bytes after a pause are late; those that follow at once are late together. */
static bool pass_on(struct pair *p, unsigned from, char *piece)
{
	struct end *end = &p->ends[from];
	ssize_t got = get_some(end, piece);

	if (got == -EAGAIN)
		return true;
	if (got <= 0)
		return false;
	if (clock_ms() - end->last_ms > p->relay->delay_ms)
		usleep(p->relay->delay_ms * 1000);
	end->last_ms = clock_ms();
	return send_all(p->relay, &p->ends[!from], piece, got);
}

static bool is_readable(const struct end *end, const struct pollfd *polled)
{
	return polled->revents || (end->tls && tls_end_pending(end->tls));
}

static void end_pair(struct pair *p)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		tls_end_free(p->ends[i].tls);
		if (p->ends[i].fd >= 0)
			close(p->ends[i].fd);
	}
	p->relay->connections--;
	free(p);
}

static void *pair_thread(void *ctx)
{
	struct pair *p = ctx;
	struct pollfd polled[2];
	char *piece = malloc(PIECE_BYTES);
	bool open = piece && p->ends[1].fd >= 0, pending;
	unsigned i;

	if (p->relay->tls)
		p->ends[0].tls = tls_end_new(p->ends[0].fd, STEP_MS);
	while (open && !p->relay->stopping) {
		for (i = 0; i < 2; i++)
			polled[i] = (struct pollfd){ .fd = p->ends[i].fd, .events = POLLIN };
		pending = p->ends[0].tls && tls_end_pending(p->ends[0].tls);
		if (poll(polled, 2, pending ? 0 : STEP_MS) <= 0 && !pending)
			continue;
		for (i = 0; i < 2 && open; i++)
			open = !is_readable(&p->ends[i], &polled[i]) || pass_on(p, i, piece);
	}
	free(piece);
	end_pair(p);
	return NULL;
}

static void begin_pair(struct relay *r, int fd)
{
	struct pair *p = calloc(1, sizeof *p);
	pthread_t thread;

	if (!p)
		abort();
	loopback_no_delay(fd);
	p->relay = r;
	p->ends[0].fd = fd;
	p->ends[1].fd = connect_to(r->target);
	r->connections++;
	if (pthread_create(&thread, NULL, pair_thread, p))
		abort();
	pthread_detach(thread);
}

static void *accept_thread(void *ctx)
{
	struct relay *r = ctx;
	struct pollfd p = { .fd = r->listener, .events = POLLIN };
	int fd;

	while (!r->stopping) {
		if (poll(&p, 1, STEP_MS) <= 0)
			continue;
		fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			begin_pair(r, fd);
	}
	return NULL;
}

int relay_new(unsigned port, unsigned delay_ms, bool tls, struct relay **out)
{
	struct relay *r = calloc(1, sizeof *r);

	if (!r)
		return -ENOMEM;
	r->target = port;
	r->delay_ms = delay_ms;
	r->tls = tls;
	r->listener = loopback_listen(0, BACKLOG);
	if (r->listener < 0) {
		free(r);
		return -EIO;
	}
	r->port = loopback_port(r->listener);
	if (pthread_create(&r->acceptor, NULL, accept_thread, r)) {
		close(r->listener);
		free(r);
		return -EIO;
	}
	*out = r;
	return 0;
}

unsigned relay_port(const struct relay *r)
{
	return r->port;
}

void relay_free(struct relay *r)
{
	if (!r)
		return;
	r->stopping = true;
	pthread_join(r->acceptor, NULL);
	while (r->connections)
		usleep(1000);
	close(r->listener);
	free(r);
}
