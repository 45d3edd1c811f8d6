/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Parses any bytes as the header lines of an origin.  An accepted response matches the
 * request exactly; a refused response has a reason.
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "engine/http/response-check.h"

static void take_lines(struct response *response, const char *text, size_t size)
{
	const char *end;
	char *line;
	size_t length;

	while (size) {
		end = memchr(text, '\n', size);
		length = end ? (size_t)(end - text) + 1 : size;
		/* A copy of exactly this size, so that a read beyond it is detected. */
		line = malloc(length);
		REQUIRE(line);
		memcpy(line, text, length);
		response_header_line(response, line, length);
		free(line);
		text += length;
		size -= length;
	}
}

static void check_for(const struct response *r, uint64_t first, uint64_t last, uint64_t total,
		      bool verified)
{
	char why[160] = "";

	if (response_check(r, first, last, total, verified, why, sizeof why)) {
		REQUIRE(why[0] && memchr(why, 0, sizeof why));
		return;
	}
	REQUIRE(r->status == 206 && r->has_range && !r->bad_range);
	REQUIRE(!r->encoded && !r->multipart);
	REQUIRE(verified || !r->aws_chunked);
	REQUIRE(r->first == first && r->last < (r->total ? r->total : total));
	REQUIRE(r->total || (verified && total));
	REQUIRE(total ? (!r->total || r->total == total) && r->last == last :
		r->last == (last < r->total ? last : r->total - 1));
	REQUIRE(!r->has_length || (!r->bad_length && r->length == r->last - r->first + 1));
}

static void check(const struct response *r, uint64_t first, uint64_t last, uint64_t total)
{
	check_for(r, first, last, total, false);
	check_for(r, first, last, total, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct response response = { 0 };

	take_lines(&response, (const char *)bytes, size);
	REQUIRE(response_retry_after_s(&response, 0) <= 3600);
	REQUIRE(response.status < 1000 && response.retry_after_s <= 3600);
	REQUIRE(memchr(response.etag, 0, sizeof response.etag));
	check(&response, 0, 4095, 0);
	check(&response, 0, 4095, 8192);
	check(&response, 4096, 8191, 8192);
	/* Just what it says itself. */
	if (response.has_range && response.first <= response.last)
		check(&response, response.first, response.last, response.total);
	REQUIRE(!response_etag_changed(response.etag, response.etag));
	return 0;
}
