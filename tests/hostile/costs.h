/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What a trial may cost, whatever the origins do: lines of the log, requests, bytes, TCP
 * connections, memory and processor time.  The bounds are in costs.c.
 */
#ifndef FARROOT_TEST_COSTS_H
#define FARROOT_TEST_COSTS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/image.h"

/* The mean request for an image has at least this size. */
#define COSTS_REQUEST_BYTES 32768

struct costs {
	uint64_t ms;		/* time that the trial took */
	uint64_t log_lines;	/* notes and warnings */
	uint64_t requests;	/* that the engine counted */
	uint64_t bytes;		/* that the origins sent, as far as they came */
	uint64_t asked_bytes;	/* by readers, each time */
	uint64_t connections;	/* that the origins accepted */
	uint64_t spoilt;	/* connections that an origin ended, or that its fault ended */
	uint64_t faults;	/* answers of an origin that were a fault */
	uint64_t redirects;	/* to targets that expire */
	uint64_t hops;		/* other redirects */
	uint64_t torn;		/* blocks that answers had wrong between right ones, at most, and answers that were cut */
	uint64_t long_pages;	/* long bodies of errors and redirects */
	uint64_t expired;	/* answers that a target has expired */
	uint64_t over_limit;	/* requests and connections beyond a server's limit */
	uint64_t asked, hasty;	/* times of Retry-After, and requests before its end */
	uint64_t in_flight;	/* requests that may have been sent before it came */
	uint64_t profile_asked, profile_hasty;	/* the same for the profile */
	uint64_t timeouts;	/* of requests, because of a fault or a busy machine */
	uint64_t memory_bytes;	/* growth of the process' peak */
	uint64_t cpu_ms;	/* of the engine's threads */
};

/* What there was to do. */
struct costs_task {
	uint64_t image_bytes;
	unsigned origins;
	unsigned connections;	/* connections= */
	bool kept;		/* everything was there before, and the origins are well */
	bool small_cache;	/* it does not hold the image: blocks are fetched more than once */
	bool tls;
};

/* Returns the number of bounds that were exceeded, after printing each on stderr. */
unsigned costs_judge(const struct costs *costs, const struct costs_task *task);

void costs_print(const struct costs *costs, const struct costs_task *task);

/* The peak of the memory of this process in bytes. */
uint64_t costs_peak_bytes(void);

/* image_new and image_start.  The threads that these start, and the threads that those start, are
 * the engine's: a thread inherits the name of the one that starts it.
 */
int costs_start_engine(const struct options *options, const struct log *log, struct image **image);
/* Whether the calling thread is one of them. */
bool costs_is_engine(void);

/* Milliseconds of processor time of the engine's threads that run now. */
uint64_t costs_engine_cpu_ms(void);

#endif
