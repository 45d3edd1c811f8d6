/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * With a listener on loopback: a client is connected at once, and waits in its queue.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "check.h"
#include "engine/http/preconnect.h"
#include "../slack.h"

static int listener;
static struct sockaddr_in address;

static void listen_anywhere(void)
{
	socklen_t length = sizeof address;

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(listener >= 0 && !bind(listener, (struct sockaddr *)&address, length));
	CHECK(!listen(listener, 16));
	CHECK(!getsockname(listener, (struct sockaddr *)&address, &length));
}

static struct curl_sockaddr of_curl(const struct sockaddr_in *to)
{
	struct curl_sockaddr c = { .family = AF_INET, .socktype = SOCK_STREAM, .addrlen = sizeof *to };

	memcpy(&c.addr, to, sizeof *to);
	return c;
}

static curl_socket_t take(struct preconnect *s)
{
	struct curl_sockaddr c = of_curl(&address);

	return preconnect_take(s, &c);
}

static void open_ahead(struct preconnect *s, unsigned count, uint64_t now_ms)
{
	preconnect_start(s, "127.0.0.1", ntohs(address.sin_port), count, now_ms);
}

/* The server's end of the oldest connection. */
static int accept_one(void)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };

	return poll(&p, 1, (int)slack(2000)) == 1 ? accept(listener, NULL, NULL) : -1;
}

static void hands_out_what_has_connected(void)
{
	struct preconnect s = { 0 };
	curl_socket_t fd;
	unsigned i;

	open_ahead(&s, 2, 0);
	CHECK_EQ(s.count, 2);
	/* The number is the total, not an addition. */
	open_ahead(&s, 3, 0);
	CHECK_EQ(s.count, 3);
	for (i = 0; i < 3; i++) {
		fd = take(&s);
		CHECK(preconnect_is_connected(fd));
		close(fd);
	}
	CHECK_EQ(s.count, 0);
	/* None is left: a new one. */
	fd = take(&s);
	CHECK(fd >= 0 && !preconnect_is_connected(fd));
	close(fd);
	for (i = 0; i < 3; i++)
		close(accept_one());
}

static void not_what_the_server_has_closed(void)
{
	struct preconnect s = { 0 };
	curl_socket_t fd;
	struct pollfd p;

	open_ahead(&s, 1, 0);
	p = (struct pollfd){ .fd = s.spare[0].fd, .events = POLLRDHUP };
	close(accept_one());
	CHECK_EQ(poll(&p, 1, (int)slack(2000)), 1);
	fd = take(&s);
	CHECK(!preconnect_is_connected(fd));
	CHECK_EQ(s.count, 0);
	close(fd);
}

static void not_what_goes_elsewhere(void)
{
	struct preconnect s = { 0 };
	struct sockaddr_in other = address;
	struct curl_sockaddr c;
	curl_socket_t fd;

	open_ahead(&s, 1, 0);
	other.sin_port = htons(1);
	c = of_curl(&other);
	fd = preconnect_take(&s, &c);
	CHECK(!preconnect_is_connected(fd));
	close(fd);
	CHECK_EQ(s.count, 1);
	/* A host name is not an address: nothing is opened. */
	preconnect_start(&s, "localhost", 80, 1, 0);
	CHECK_EQ(s.count, 1);
	preconnect_start(&s, "127.0.0.1", 1, 1, 0);
	fd = take(&s);
	CHECK(!preconnect_is_connected(fd));
	close(fd);
	preconnect_close_all(&s);
	close(accept_one());
}

static void closes_the_old(void)
{
	struct preconnect s = { 0 };

	open_ahead(&s, 1, 1000);
	open_ahead(&s, 3, 4000);
	preconnect_close_old(&s, 5999);
	CHECK_EQ(s.count, 3);
	preconnect_close_old(&s, 6000);
	CHECK_EQ(s.count, 2);
	preconnect_close_old(&s, 9000);
	CHECK_EQ(s.count, 0);
}

int main(void)
{
	listen_anywhere();
	hands_out_what_has_connected();
	not_what_the_server_has_closed();
	not_what_goes_elsewhere();
	closes_the_old();
	close(listener);
	return 0;
}
