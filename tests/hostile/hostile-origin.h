/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * An HTTP/1.1 range server on 127.0.0.1 that sends wrong data, stalls and closes
 * connections.  It runs in this process, with one thread per connection.  Without kinds,
 * or after it has healed, it is a correct origin.
 */
#ifndef FARROOT_TEST_HOSTILE_ORIGIN_H
#define FARROOT_TEST_HOSTILE_ORIGIN_H

#include <stdio.h>

#include "actors.h"
#include "hostile-faults.h"

struct hostile_origin;

struct hostile_options {
	const uint8_t *image;	/* must outlive the origin */
	uint64_t image_bytes;
	uint64_t seed;
	uint64_t kinds;		/* set of enum hostile_kind */
	unsigned percent;	/* of the requests */
	unsigned heal_after_ms;	/* 0: not by itself */
	uint64_t heal_requests;	/* 0: not by itself */
	unsigned port;		/* 0: any free one */
	struct nature nature;
	FILE *log;		/* one line per request; NULL: none */
};

/* Returns 0 or -errno. */
int hostile_origin_new(const struct hostile_options *options,
		       struct hostile_origin **out);
/* Ends all connections and returns when their threads have ended. */
void hostile_origin_free(struct hostile_origin *origin);

unsigned hostile_origin_port(const struct hostile_origin *origin);

/* From now on every response is correct. */
void hostile_origin_heal(struct hostile_origin *origin);
/* Or ill again. */
void hostile_origin_set_healed(struct hostile_origin *origin, bool healed);

struct hostile_counts {
	uint64_t sent_bytes;	/* of answers, that the client's machine got */
	uint64_t connections;	/* accepted */
	uint64_t spoilt;	/* connections that were ended by this origin, or that a client had to end */
	uint64_t faults;	/* answers that are not right */
	uint64_t hops;		/* redirects by kind of fault */
	uint64_t torn;		/* blocks that answers had wrong between right ones, at most, and answers that were cut */
	uint64_t long_pages;	/* long bodies of errors and redirects */
	uint64_t asked, hasty;	/* times that it sent Retry-After; requests too early then */
	uint64_t in_flight;	/* requests that were so early that they may have been sent before */
	struct actors_counts actors;
};

/* The connections that are open count as not spoilt. */
struct hostile_counts hostile_origin_counts(struct hostile_origin *origin);

#endif
