/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Reads the header lines of an answer, and checks that they are the exact answer to the
 * requested range.  Pure; the lines are untrusted bytes.
 * Source: RFC 9110, sections 14 (Range Requests), 8.8.3 (ETag), 10.2.3 (Retry-After), 5.6.7
 * (HTTP-date; only the form that servers must send).
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
	uint64_t first, last, total;	/* of Content-Range; valid if !bad_range; total 0: "*" */
	bool has_length, bad_length;
	uint64_t length;
	bool encoded;			/* a Content-Encoding other than identity and aws-chunked */
	bool aws_chunked;		/* Content-Encoding: aws-chunked */
	bool multipart;
	char auth_scheme[16];		/* of WWW-Authenticate or Proxy-Authenticate, such as Basic; "": none */
	char etag[128];			/* as sent, quotes and W/ included */
	unsigned retry_after_s;		/* of Retry-After in seconds; 0: none */
	int64_t retry_at, date;		/* Unix times of Retry-After and Date; 0: none */
};

/* Reads one header line, with or without its line end.  A status line begins a new
 * answer: after redirects and 1xx, only the last answer counts.
 */
void response_header_line(struct response *response, const char *line, size_t length);

/* Checks that this is the answer to bytes=first-last of an image of total bytes.  With
 * total 0 the size is not known: then any size above first is good, and the answer may
 * end at the end of the image.  verified: the bytes will be compared with a hash, so an
 * answer that does not tell the size of the image ("bytes 0-99/" followed by "*"), or a
 * Content-Encoding: aws-chunked, which some object stores keep though the bytes are as they
 * were, is good.  Returns FAULT_NONE; or a fault, which why (why_size bytes) says in words.
 */
enum fault response_check(const struct response *response, uint64_t first,
			    uint64_t last, uint64_t total, bool verified,
			    char *why, size_t why_size);

/* The seconds for which the server asks to be left alone, at most an hour; 0: none.  now is
 * the Unix time, for an answer without a Date.
 */
unsigned response_retry_after_s(const struct response *response, int64_t now);

/* Checks that this is the answer to a request for a whole file of at most `most` bytes.
 * FAULT_STATUS: the server does not have such a file; FAULT_BROKEN: it may have one later.
 */
enum fault response_check_whole(const struct response *response, uint64_t most,
				  char *why, size_t why_size);

/* Whether two ETags differ and are both strong (RFC 9110, section 8.8.3). */
bool response_etag_changed(const char *before, const char *now);

#endif
