/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * TCP connections opened ahead of the requests that will use them.
 *
 * libcurl connects when a request needs a connection, and the request waits for a round
 * trip.  After the first answers, dozens of requests are sent at once.  So, when the
 * first connection is made and its round trip is long, further ones to the same address
 * are begun beside the first requests.  curl asks for each socket
 * (CURLOPT_OPENSOCKETFUNCTION), and gets one that has connected by then.
 *
 *            preconnect_start           preconnect_take, once connected
 *   no socket ──────────────► a spare ──────────────────────────────► curl's
 *                                │ old, or closed by the server: closed
 *
 * All functions belong to one thread, and none blocks.
 */
#ifndef FARROOT_PRECONNECT_H
#define FARROOT_PRECONNECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "common/options.h"

struct preconnect {
	struct sockaddr_storage address;	/* of all spares */
	socklen_t length;			/* 0: no address yet */
	unsigned count;
	struct { int fd; uint64_t since_ms; } spare[OPTIONS_MAX_CONNECTIONS];
};

/* Begins to connect to a numeric address until there are count spares; fewer if that
 * fails, which is not an error.  Spares to another address are closed.
 */
void preconnect_start(struct preconnect *sockets, const char *ip, int port, unsigned count,
			uint64_t now_ms);

/* A socket for curl, which then owns it: a spare that has connected to this address, or
 * else a new one that is not connected.  CURL_SOCKET_BAD, with errno, if none can be made.
 */
curl_socket_t preconnect_take(struct preconnect *sockets, const struct curl_sockaddr *address);

/* Whether a TCP socket is connected, and not only connecting. */
bool preconnect_is_connected(curl_socket_t fd);

/* Closes the spares that are older than 5 s, so that servers need not hold them. */
void preconnect_close_old(struct preconnect *sockets, uint64_t now_ms);

void preconnect_close_all(struct preconnect *sockets);

#endif
