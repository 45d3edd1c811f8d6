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
	_Atomic uint64_t sent;		/* bytes, with those that connections have not delivered yet */
	_Atomic bool healed, stopping;
	_Atomic uint64_t hops;		/* redirects by kind of fault */
	_Atomic uint64_t torn;		/* blocks that answers had wrong between right ones, at most, and answers that were cut */
	_Atomic uint64_t long_pages;	/* long bodies of errors and redirects */
	_Atomic uint64_t asked_ms, quiet_until_ms;	/* of the last Retry-After */
	/* Times that it was sent; requests before its end; requests that were in flight then. */
	_Atomic uint64_t asked, hasty, in_flight;
	struct actors actors;
};

bool hostile_server_is_healed(struct hostile_server *server);

struct hostile_outcome {
	struct hostile_decision decision;
	enum hostile_after after;
	bool is_spoilt;		/* a client cannot, or need not, use the connection again */
	uint64_t asked_ms;	/* when Retry-After was sent; 0: it was not */
};

/* Answers the request with this header. */
struct hostile_outcome hostile_server_answer(struct hostile_server *server, int fd, const char *text);

/* The client ended the connection after an answer with this asked_ms: if that was at once, the
 * answer does not count.
 */
void hostile_server_unread(struct hostile_server *server, uint64_t asked_ms);

#endif
