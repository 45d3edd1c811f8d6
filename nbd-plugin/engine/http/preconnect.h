/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * TCP connections opened ahead of the requests that will take them; for origin*.c
 * alone.
 *
 * libcurl connects when a request needs it, and that request waits for a round trip.
 * After the first answers dozens go out at once.  So: when the first
 * connection stands and its round trip is long, as many more are begun to the same
 * address, beside the first requests.  curl asks us for each socket
 * (CURLOPT_OPENSOCKETFUNCTION) and gets one of those that have connected by then.
 *
 *                open_ahead              handed out, once connected
 *   not there ──────────────► a spare ──────────────────────────────► curl's
 *                                │ too old, or closed by the other side: closed
 */
#ifndef FARROOT_PRECONNECT_H
#define FARROOT_PRECONNECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "common/options.h"

struct preconnect {
	struct sockaddr_storage address;	/* of the spares */
	socklen_t length;			/* 0: there never was one */
	unsigned count;
	struct { int fd; uint64_t since_ms; } spare[OPTIONS_MAX_CONNECTIONS];
};

/* Begins to connect to a numeric address until there are so many spares.  Fewer when
 * that fails, which is nobody's fault.  Does not block.
 */
void preconnect_start(struct preconnect *sockets, const char *ip, int port, unsigned count,
			uint64_t now_ms);

/* A socket for curl, which owns it: a spare that has connected to this address, or
 * a new one that has not.  CURL_SOCKET_BAD with errno.
 */
curl_socket_t preconnect_take(struct preconnect *sockets, const struct curl_sockaddr *address);

bool preconnect_is_connected(curl_socket_t fd);

/* Closes those that nobody has taken for 5 s, so that no server has to. */
void preconnect_close_old(struct preconnect *sockets, uint64_t now_ms);

void preconnect_close_all(struct preconnect *sockets);

#endif
