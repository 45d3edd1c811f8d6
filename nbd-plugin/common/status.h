/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * How an image stands, and its form as JSON: one object, the same keys always.
 * The plugin writes it, the tool reads it.
 */
#ifndef FARROOT_STATUS_H
#define FARROOT_STATUS_H

#include <stddef.h>
#include <stdint.h>

enum status_state {
	STATUS_OPENING,		/* no origin has answered yet */
	STATUS_READY,		/* serving; nothing in the background */
	STATUS_FILLING,		/* serving; fetching the rest */
	STATUS_OUTAGE,		/* no origin can be used at the moment */
	STATUS_MATERIALIZED	/* every block is here and verified */
};

struct status {
	enum status_state state;
	char origin[256];	/* the URL in use, without user or password */
	uint64_t image_bytes, present_bytes, cache_bytes;
	uint64_t ready_needs_bytes;	/* of the profile, still absent */
	uint64_t budget_bytes, budget_left_bytes;	/* of budget=; 0 = no limit */
	uint64_t fetched_bytes;	/* bodies received */
	uint64_t served_bytes;	/* handed to readers */
	uint64_t wasted_bytes;	/* received and thrown away */
	uint64_t requests;	/* sent to origins */
	uint64_t rate_bytes_per_s;	/* measured lately; 0 = not known */
	unsigned rtt_ms;		/* 0 = not known */
	unsigned waiting;	/* reads that wait now */
	int64_t outage_since;	/* Unix time, seconds; 0 = no outage */
	int64_t eta_s;		/* to materialized; -1 = not known or never */
	char last_error[256];	/* empty = none so far */
};

/* The name in JSON, such as "opening". */
const char *status_state_name(enum status_state state);

/* One line of JSON with a newline, malloc'ed; NULL when out of memory. */
char *status_to_json(const struct status *status);

/* Reads what status_to_json wrote; bytes are untrusted.  Returns 0 or -EINVAL. */
int status_from_json(const char *text, size_t length, struct status *out);

#endif
