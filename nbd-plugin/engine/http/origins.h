/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The origins of one image: range requests out, strictly checked bytes in.  The
 * only file that knows HTTP, and the only one that touches libcurl.
 *
 * All functions belong to one thread, the fetch thread, which calls
 * origins_poll in a loop; origins_wake alone may be called from any thread.
 * Nothing but origins_poll blocks.  The sink's functions are called from within
 * origins_poll and must not start requests.
 */
#ifndef FARROOT_ORIGINS_H
#define FARROOT_ORIGINS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/fault.h"
#include "common/log.h"
#include "common/options.h"

struct origins;

/* One range request; owned by the caller, must stay until its end is told. */
struct origin_request {
	uint64_t offset;
	uint32_t length;	/* bytes; > 0 */
	bool is_profile;	/* not the image: the small text beside it, whole */
	bool no_cache;		/* tell caches on the way to ask again */
	int avoid;		/* origin that sent corrupt bytes; -1: none */
	int origin;		/* set by origins_start: who was asked */
};

struct origin_sink {
	/* The next bytes of the body; their header has been checked. */
	void (*bytes)(void *ctx, struct origin_request *request,
		      const uint8_t *bytes, size_t count);
	/* The end.  FAULT_NONE: every byte asked for has been handed over.  The
	 * request is the caller's again.
	 */
	void (*end)(void *ctx, struct origin_request *request, enum fault fault);
	void *ctx;
};

/* What it looks like from outside. */
struct origins_state {
	const char *url;	/* in use, without secrets */
	const char *last_error;	/* "" if none */
	uint64_t fetched_bytes, requests;
	unsigned rtt_ms;	/* the shortest way there and back */
	unsigned delay_ms;	/* that of late, behind what is under way */
	bool outage;		/* no origin is healthy */
};

/* Reads certificates and builds handles, no network.  options and log must
 * outlive it.  Returns 0 or -errno, having logged why.
 */
int origins_new(const struct options *options, const struct log *log,
		const struct origin_sink *sink, struct origins **out);
void origins_free(struct origins *origins);

/* From now on only an image of this many bytes will do. */
void origins_set_total(struct origins *origins, uint64_t total_bytes);

/* The size that the origin of this request told; 0 if it has not answered. */
uint64_t origins_told_total(const struct origins *origins, int origin);

/* Sends a request to the best origin.  A request for a profile is sent only to a
 * healthy origin, or beside a request that finds out whether one is; its fate says
 * nothing about the origin, and FAULT_STATUS means that there is no profile.
 * Returns 0; -EAGAIN: every origin rests, try again after origins_wait_ms; -EBUSY: the
 * best origin takes no more requests at once, try again when one ends; -ENOMEM.
 */
int origins_start(struct origins *origins, struct origin_request *request);

/* Takes a request back: its end is not told. */
void origins_cancel(struct origins *origins, struct origin_request *request);

/* Milliseconds until origins_start may succeed; 0 = now; UINT64_MAX = when a
 * request ends.
 */
uint64_t origins_wait_ms(const struct origins *origins);

/* The origin sent bytes that do not verify, or is not the image we want. */
void origins_blame(struct origins *origins, int origin, enum fault fault,
		   const char *why);

/* Moves bytes; returns when something happened, origins_wake was called, or
 * after timeout_ms.
 */
void origins_poll(struct origins *origins, unsigned timeout_ms);

void origins_wake(struct origins *origins);

/* Call after each origins_poll.  When that has reached an origin for the first time,
 * or again, and it is far: begins as many connections as are short of count, so that
 * requests to come need not wait for them.
 */
void origins_open_ahead(struct origins *origins, unsigned count);

/* Bytes of bodies that have come in all. */
uint64_t origins_fetched_bytes(const struct origins *origins);

void origins_state(const struct origins *origins, struct origins_state *out);

/* Name and version of what speaks HTTP for us. */
const char *origins_library(void);

#endif
