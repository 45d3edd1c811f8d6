/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Any bytes as an origin's header lines.  What is taken is exactly what was asked
 * for; what is refused is refused with a reason.
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "engine/http/response-check.h"

static void take_lines(struct http_reply *reply, const char *text, size_t size)
{
	const char *end;
	char *line;
	size_t length;

	while (size) {
		end = memchr(text, '\n', size);
		length = end ? (size_t)(end - text) + 1 : size;
		/* A copy of just this size, so that a read beyond it is found. */
		line = malloc(length);
		REQUIRE(line);
		memcpy(line, text, length);
		http_reply_line(reply, line, length);
		free(line);
		text += length;
		size -= length;
	}
}

static void check(const struct http_reply *r, uint64_t first, uint64_t last, uint64_t total)
{
	char why[160] = "";

	if (http_reply_check(r, first, last, total, why, sizeof why)) {
		REQUIRE(why[0] && memchr(why, 0, sizeof why));
		return;
	}
	REQUIRE(r->status == 206 && r->has_range && !r->bad_range);
	REQUIRE(!r->encoded && !r->multipart);
	REQUIRE(r->first == first && r->last < r->total);
	REQUIRE(total ? r->total == total && r->last == last :
		r->last == (last < r->total ? last : r->total - 1));
	REQUIRE(!r->has_length || (!r->bad_length && r->length == r->last - r->first + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct http_reply reply = { 0 };

	take_lines(&reply, (const char *)bytes, size);
	REQUIRE(reply.status < 1000 && reply.retry_after_s <= 86400);
	REQUIRE(memchr(reply.etag, 0, sizeof reply.etag));
	check(&reply, 0, 4095, 0);
	check(&reply, 0, 4095, 8192);
	check(&reply, 4096, 8191, 8192);
	/* Just what it says itself. */
	if (reply.has_range && reply.first <= reply.last)
		check(&reply, reply.first, reply.last, reply.total);
	REQUIRE(!http_etag_changed(reply.etag, reply.etag));
	return 0;
}
