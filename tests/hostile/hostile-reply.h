/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Answers one request, correctly or with one of the faults.
 */
#ifndef FARROOT_TEST_HOSTILE_REPLY_H
#define FARROOT_TEST_HOSTILE_REPLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "hostile-faults.h"

struct hostile_request {
	int fd;
	const char *text;	/* the header of the request */
	char path[128];
	bool is_profile;	/* the path is that of a profile */
	const uint8_t *image;
	uint64_t image_bytes;
	uint64_t first, last;	/* of Range; last is within the image */
	bool ranged;
	bool redirected;	/* the path is the one that redirects name */
	size_t page_bytes;	/* of the body of an error or a redirect; 0: a few */
	struct hostile_decision decision;
	_Atomic uint64_t *sent;		/* bytes that the sockets have taken */
	uint64_t *answered;		/* of this answer */
	bool *gave_page;		/* the answer has a body of page_bytes */
	const _Atomic bool *healed;	/* ends drips and stalls */
	const _Atomic bool *stopping;
};

enum hostile_after { AFTER_KEEP, AFTER_CLOSE, AFTER_RESET };

/* Blocks for as long as the kind of fault takes.  Returns what to do with the
 * connection.
 */
enum hostile_after hostile_reply(const struct hostile_request *request);

/* The most bits that HOSTILE_FLIP flips. */
#define HOSTILE_FLIPS 8

/* What an answer 429 or 503 asks for, in seconds or as the date of that second. */
unsigned hostile_retry_after_s(const struct hostile_decision *decision);
bool hostile_retry_after_is_date(const struct hostile_decision *decision);

/* Whether all was sent. */
bool hostile_send(const struct hostile_request *request, const void *bytes, size_t count);

/* The same, over a link that is no faster than a client that wants to end the answer. */
bool hostile_send_slowly(const struct hostile_request *request, const void *bytes, size_t count);

/* Sends in pieces, one per step, until the origin is healed; then the rest at once.  Returns whether
 * the client is still there.
 */
bool hostile_drip(const struct hostile_request *q, const uint8_t *bytes, size_t count,
		  size_t piece, int step_ms);

/* The right header for the range, and this body, of its length. */
enum hostile_after hostile_reply_range(const struct hostile_request *request, const void *body);
/* An answer with a short body.  more: lines of the header, each with its end. */
enum hostile_after hostile_reply_short(const struct hostile_request *request, unsigned status,
				       const char *more);

/* An answer 200 with this body. */
enum hostile_after hostile_reply_whole(const struct hostile_request *request, const void *bytes,
				       size_t count);

#endif
