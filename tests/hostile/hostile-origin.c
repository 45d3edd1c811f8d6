/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Two sockets hold the port: one listens, and is closed while connections are refused.
 * The other never listens, so that no other process gets the port in the meantime.
 */
#include "config.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "hostile-origin.h"
#include "hostile-server.h"
#include "loopback.h"

#define REFUSE_MS_MAX 400
#define REQUEST_MAX 8192
#define BACKLOG 64

struct connection {
	struct connection *next;
	struct hostile_origin *origin;
	int fd;
	bool is_spoilt;		/* by the last answer */
	uint64_t asked_ms;	/* of the last answer */
};

struct hostile_origin {
	struct hostile_server server;
	int keeper, listener, wake;
	pthread_t acceptor;
	_Atomic uint64_t accepted, spoilt, faults;
	_Atomic uint64_t refuse_until_ms;
	pthread_mutex_t lock;		/* guards the list */
	pthread_cond_t ended;
	struct connection *connections;
};

/* Reads up to the empty line; false if the client has closed the connection. */
static bool read_request(int fd, char *text)
{
	size_t length = 0;
	ssize_t got;

	while (length < REQUEST_MAX - 1) {
		/* One request at a time: curl does not pipeline. */
		got = recv(fd, text + length, REQUEST_MAX - 1 - length, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		length += (size_t)got;
		text[length] = '\0';
		if (strstr(text, "\r\n\r\n"))
			return true;
	}
	return false;
}

static void refuse_for_a_while(struct hostile_origin *o, uint64_t detail)
{
	o->refuse_until_ms = clock_ms() + 1 + detail % REFUSE_MS_MAX;
	eventfd_write(o->wake, 1);
}

static enum hostile_after serve_one(struct connection *c, const char *text)
{
	struct hostile_origin *o = c->origin;
	struct hostile_outcome outcome;

	outcome = hostile_server_answer(&o->server, c->fd, text);
	c->is_spoilt = outcome.is_spoilt;
	c->asked_ms = outcome.asked_ms;
	o->faults += !hostile_kind_is_right(outcome.decision.kind);
	if (outcome.decision.kind == HOSTILE_REFUSE)
		refuse_for_a_while(o, outcome.decision.detail);
	return outcome.after;
}

/* Bytes of a connection that its client's machine has not got. */
static uint64_t undelivered(const struct connection *c)
{
	int left = 0;

	return ioctl(c->fd, SIOCOUTQ, &left) || left < 0 ? 0 : (uint64_t)left;
}

static void connection_end(struct connection *c, enum hostile_after after)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	struct hostile_origin *o = c->origin;
	struct connection **at = &o->connections;

	pthread_mutex_lock(&o->lock);
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (after == AFTER_RESET)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	o->spoilt += c->is_spoilt;
	/* A correct answer is delivered to its end. */
	if (after == AFTER_RESET || c->is_spoilt)
		o->server.sent -= undelivered(c);
	close(c->fd);
	pthread_cond_signal(&o->ended);
	pthread_mutex_unlock(&o->lock);
	free(c);
}

static void *connection_thread(void *ctx)
{
	struct connection *c = ctx;
	enum hostile_after after = AFTER_KEEP;
	char text[REQUEST_MAX];

	if (!actor_limit_enter(&c->origin->server.actors)) {
		c->is_spoilt = true;
		connection_end(c, AFTER_RESET);
		return NULL;
	}
	while (after == AFTER_KEEP && !c->origin->server.stopping) {
		if (read_request(c->fd, text)) {
			after = serve_one(c, text);
		} else {
			/* A client that leaves because of a long body has read what comes before it. */
			hostile_server_unread(&c->origin->server, c->is_spoilt ? 0 : c->asked_ms);
			after = AFTER_CLOSE;
		}
	}
	actor_limit_leave(&c->origin->server.actors);
	connection_end(c, after);
	return NULL;
}

static void connection_begin(struct hostile_origin *o, int fd)
{
	struct connection *c = calloc(1, sizeof *c);
	pthread_t thread;

	if (!c) {
		close(fd);
		return;
	}
	loopback_no_delay(fd);
	c->origin = o;
	c->fd = fd;
	pthread_mutex_lock(&o->lock);
	c->next = o->connections;
	o->connections = c;
	pthread_mutex_unlock(&o->lock);
	if (pthread_create(&thread, NULL, connection_thread, c))
		connection_end(c, AFTER_RESET);
	else
		pthread_detach(thread);
}

/* One iteration of the acceptor: refuses, listens again, or accepts a connection. */
static void accept_turn(struct hostile_origin *o)
{
	uint64_t now = clock_ms(), until = o->refuse_until_ms, count;
	bool refuse = now < until && !hostile_server_is_healed(&o->server);
	struct pollfd p[2] = { { .fd = o->wake, .events = POLLIN } };
	int fd;

	if (refuse && o->listener >= 0) {
		close(o->listener);
		o->listener = -1;
	} else if (!refuse && o->listener < 0) {
		o->listener = loopback_listen(o->server.port, BACKLOG);
	}
	p[1] = (struct pollfd){ .fd = o->listener, .events = POLLIN };
	poll(p, 2, refuse ? (int)(until - now) : o->listener < 0 ? 10 : -1);
	if (p[0].revents)
		eventfd_read(o->wake, &count);
	if (o->listener < 0 || !p[1].revents)
		return;
	fd = accept4(o->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	o->accepted++;
	connection_begin(o, fd);
}

static void *accept_thread(void *ctx)
{
	struct hostile_origin *o = ctx;

	while (!o->server.stopping)
		accept_turn(o);
	return NULL;
}

static int open_sockets(struct hostile_origin *o)
{
	o->wake = eventfd(0, EFD_CLOEXEC);
	o->keeper = loopback_socket(o->server.options.port);
	if (o->wake < 0 || o->keeper < 0)
		return -EIO;
	o->server.port = loopback_port(o->keeper);
	o->listener = loopback_listen(o->server.port, BACKLOG);
	return o->listener < 0 ? o->listener : 0;
}

int hostile_origin_new(const struct hostile_options *options, struct hostile_origin **out)
{
	struct hostile_origin *o = calloc(1, sizeof *o);
	int err;

	if (!o)
		return -ENOMEM;
	o->server.options = *options;
	o->server.began_ms = clock_ms();
	actors_begin(&o->server.actors, &options->nature);
	o->keeper = o->listener = o->wake = -1;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->ended, NULL);
	err = open_sockets(o);
	if (!err)
		err = -pthread_create(&o->acceptor, NULL, accept_thread, o);
	if (err) {
		o->server.stopping = true;
		hostile_origin_free(o);
		return err;
	}
	*out = o;
	return 0;
}

void hostile_origin_free(struct hostile_origin *o)
{
	struct connection *c;
	bool started = !o->server.stopping;

	o->server.stopping = true;
	if (started) {
		eventfd_write(o->wake, 1);
		pthread_join(o->acceptor, NULL);
	}
	pthread_mutex_lock(&o->lock);
	for (c = o->connections; c; c = c->next)
		shutdown(c->fd, SHUT_RDWR);
	while (o->connections)
		pthread_cond_wait(&o->ended, &o->lock);
	pthread_mutex_unlock(&o->lock);
	if (o->listener >= 0)
		close(o->listener);
	if (o->keeper >= 0)
		close(o->keeper);
	if (o->wake >= 0)
		close(o->wake);
	pthread_cond_destroy(&o->ended);
	pthread_mutex_destroy(&o->lock);
	actors_end(&o->server.actors);
	free(o);
}

unsigned hostile_origin_port(const struct hostile_origin *o)
{
	return o->server.port;
}

void hostile_origin_set_healed(struct hostile_origin *o, bool healed)
{
	o->server.healed = healed;
	eventfd_write(o->wake, 1);
}

void hostile_origin_heal(struct hostile_origin *o)
{
	hostile_origin_set_healed(o, true);
}

struct hostile_counts hostile_origin_counts(struct hostile_origin *o)
{
	return (struct hostile_counts){ .connections = o->accepted,
					.spoilt = o->spoilt, .faults = o->faults,
					.sent_bytes = o->server.sent,
					.hops = o->server.hops, .torn = o->server.torn, .long_pages = o->server.long_pages,
				        .asked = o->server.asked, .hasty = o->server.hasty,
					.in_flight = o->server.in_flight,
					.actors = actors_counts(&o->server.actors) };
}
