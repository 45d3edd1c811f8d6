/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What an origin's header lines say, and whether that is exactly the answer to
 * the range that was asked for.  Pure; lines are untrusted bytes.
 * Source: RFC 9110, sections 14 (Range Requests), 8.8.3 (ETag), 10.2.3
 * (Retry-After, seconds only).
 */
#ifndef FARROOT_RESPONSE_CHECK_H
#define FARROOT_RESPONSE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/fault.h"

struct response {
	unsigned status;
	bool has_range, bad_range;
	uint64_t first, last, total;	/* of Content-Range */
	bool has_length, bad_length;
	uint64_t length;
	bool encoded;			/* a Content-Encoding other than identity */
	bool multipart;
	char etag[128];			/* as sent, quotes and W/ included */
	unsigned retry_after_s;
};

/* Takes one header line, with or without its line end.  A status line begins a
 * new reply: after redirects and 1xx only the last one counts.
 */
void response_header_line(struct response *response, const char *line, size_t length);

/* Whether this answers bytes=first-last of an image of total bytes.  total 0:
 * not known yet; then any total > first will do, and last is clipped to it.
 * On a fault, why (why_size bytes) says what was wrong with it.
 */
enum fault response_check(const struct response *response, uint64_t first,
			    uint64_t last, uint64_t total,
			    char *why, size_t why_size);

/* Whether this answers a request for a whole file of at most most bytes.
 * FAULT_STATUS: there is none to be had; FAULT_BROKEN: perhaps later.
 */
enum fault response_check_whole(const struct response *response, uint64_t most,
				  char *why, size_t why_size);

/* Whether the two are both strong and differ. */
bool response_etag_changed(const char *before, const char *now);

#endif
