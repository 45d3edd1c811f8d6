/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Parses any bytes as a status.  An accepted status is the same after it was written and
 * read again.
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "common/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct status first, second;
	char *text, *again;

	if (status_from_json((const char *)bytes, size, &first))
		return 0;
	REQUIRE(memchr(first.origin, 0, sizeof first.origin));
	REQUIRE(memchr(first.hold, 0, sizeof first.hold));
	REQUIRE(memchr(first.last_error, 0, sizeof first.last_error));
	text = status_to_json(&first);
	REQUIRE(text && text[strlen(text) - 1] == '\n');
	REQUIRE(!status_from_json(text, strlen(text), &second));
	again = status_to_json(&second);
	REQUIRE(again && !strcmp(text, again));
	free(text);
	free(again);
	return 0;
}
