/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What a hostile origin answers to one request: decides which fault or which actor
 * (actors.h) it is the turn of, and counts.
 *
 * Any number of threads may call the functions at the same time.
 */
#ifndef FARROOT_TEST_HOSTILE_SERVER_H
#define FARROOT_TEST_HOSTILE_SERVER_H

#include "actors.h"
#include "hostile-origin.h"
#include "hostile-reply.h"

struct hostile_server {
	struct hostile_options options;
	unsigned port;
	uint64_t began_ms;
	_Atomic uint64_t ordinal;
	_Atomic bool healed, stopping;
	_Atomic uint64_t profile_ms;	/* when a request for a profile began or ended */
	_Atomic uint64_t asked_ms, quiet_until_ms;	/* of the last Retry-After */
	_Atomic uint64_t asked, hasty;	/* times that it was sent; requests before its end */
	struct actors actors;
};

bool hostile_server_is_healed(struct hostile_server *server);

/* Answers the request with this header.  *kind: the fault of the answer. */
enum hostile_after hostile_server_answer(struct hostile_server *server, int fd, const char *text,
					 struct hostile_decision *decision);

#endif
