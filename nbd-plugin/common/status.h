/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The status of an image, and its form as JSON: one object that always has the same keys.
 * The plugin writes the JSON and the tool reads it.
 *
 * Any thread may call any function; nothing blocks.
 */
#ifndef FARROOT_STATUS_H
#define FARROOT_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "common/fault.h"
#include "common/latency.h"
#include "common/request-class.h"

/* Bytes of bodies by class: then those of profiles, errors, redirects and probes. */
#define STATUS_CLASSES (REQUEST_CLASSES + 1)
/* Classes of an HTTP status, from 2xx to 5xx. */
#define STATUS_ANSWERS 4

enum status_state {
	STATUS_OPENING,		/* no usable response from an origin yet */
	STATUS_READY,		/* open; the fill is off or has stopped */
	STATUS_FILLING,		/* open; the fill runs or waits for its time */
	STATUS_OUTAGE,		/* no origin can be used at the moment */
	STATUS_CORRUPT,		/* blocks of the image do not verify */
	STATUS_MATERIALIZED	/* every block is present and verified */
};

#define STATUS_STATES (STATUS_MATERIALIZED + 1)

struct status {
	enum status_state state;
	char origin[256];	/* the URL in use, without user name and password */
	uint64_t image_bytes, present_bytes, cache_bytes;
	uint64_t ready_needs_bytes;	/* absent bytes of the profile */
	unsigned is_ready;	/* 1: open, and all that the profile lists is present; else 0 */
	uint64_t budget_bytes, budget_left_bytes;	/* data quota; 0: none */
	char hold[128];		/* why the fill does not go on; "": it goes on, is done or is off */
	uint64_t fetched_bytes;	/* bytes of bodies received */
	uint64_t served_bytes;	/* bytes sent to clients */
	uint64_t wasted_bytes;	/* bytes received and discarded */
	uint64_t requests;	/* number sent to origins */
	uint64_t rate_bytes_per_s;	/* most recent measurement; 0: not known */
	unsigned rtt_ms;		/* 0: not known */
	unsigned waiting;	/* number of pending reads */
	int64_t outage_since;	/* Unix time in seconds; 0: no outage */
	uint64_t corrupt_blocks;	/* number of blocks that did not verify */
	int64_t corrupt_since;	/* Unix time in seconds; 0: no block is corrupt */
	char corrupt_origin[256];	/* that sent the last of them; "": no block is corrupt */
	int64_t eta_s;		/* seconds until materialized; -1: not known or never */
	char last_error[256];	/* "": there was none */
	int64_t last_error_age_s;	/* -1: there was none */

	/* The image is a seekable file; 0: it is none. */
	struct { uint64_t uncompressed_bytes, frames; } seekable;
	/* The partition that is exported; 0: all of the image is. */
	struct { uint64_t number, offset, bytes; } partition;

	/* Counters since the start of the server, each an array of uint64_t. */
	struct { uint64_t count, seconds; } outages;
	uint64_t fetched_by_class[STATUS_CLASSES];	/* their sum is fetched_bytes */
	uint64_t answers[STATUS_ANSWERS];	/* of servers, also to probes, by their status */
	/* Requests for blocks that ended with a fault, and blocks that do not verify. */
	uint64_t faults[FAULT_KINDS];
	struct latency hits, misses;	/* reads that waited for no block, and for some */
};

/* The names in JSON; NULL for FAULT_NONE. */
extern const char *const status_class_names[STATUS_CLASSES];
extern const char *const status_answer_names[STATUS_ANSWERS];
extern const char *const status_fault_names[FAULT_KINDS];

/* Returns the name in JSON, such as "opening": a constant string. */
const char *status_state_name(enum status_state state);

/* Returns one line of JSON with a newline, which the caller must free; NULL if out of
 * memory.
 */
char *status_to_json(const struct status *status);

/* Parses untrusted text in the form that status_to_json writes.  Unknown keys are ignored;
 * a missing key is an error.  But the server may be older than the tool: missing counters,
 * which are in objects of their own, are 0.  Returns 0, -EINVAL or -ENOMEM.
 */
int status_from_json(const char *text, size_t length, struct status *out);

#endif
