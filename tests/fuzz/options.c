/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Parses any bytes as lines of key=value.  A refused value has a reason; options that pass
 * the check are within the limits that the engine relies on.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "common/options.h"

static void set_line(struct options *o, char *line)
{
	char *value = strchr(line, '='), why[200];
	int err;

	if (!value)
		return;
	*value++ = '\0';
	memset(why, 'x', sizeof why);
	err = options_set(o, line, value, why, sizeof why);
	REQUIRE(memchr(why, 0, sizeof why));
	REQUIRE(!err || err == -EINVAL || err == -ENOENT);
	REQUIRE(!err == !why[0]);
}

static void check_limits(const struct options *o)
{
	size_t i;

	REQUIRE(o->url_count >= 1 && o->url_count <= OPTIONS_MAX_URLS);
	for (i = 0; i < o->url_count; i++)
		REQUIRE(!strncasecmp(o->urls[i], "http://", 7) ||
			!strncasecmp(o->urls[i], "https://", 8));
	REQUIRE(o->have_roothash != o->verify_none);
	REQUIRE(!o->have_roothash || o->size_bytes % 4096 == 0);
	REQUIRE(o->http.connections >= 1 && o->http.connections <= 64);
	REQUIRE(o->http.stall_ms && o->http.retry_max_ms && o->http.connect_timeout_ms);
	REQUIRE(o->outage_ms == -1 || o->outage_ms > 0);
	REQUIRE(o->cache_kind != CACHE_BYTES || o->cache_value >= 4 << 20);
	REQUIRE(o->cache_kind != CACHE_PERCENT || (o->cache_value >= 1 && o->cache_value <= 100));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = strndup((const char *)bytes, size), *at = text, *line, why[200];
	struct options o;

	REQUIRE(text);
	options_init(&o);
	while ((line = strsep(&at, "\n")))
		set_line(&o, line);
	if (!options_check(&o, why, sizeof why))
		check_limits(&o);
	else
		REQUIRE(why[0]);
	options_free(&o);
	free(text);
	return 0;
}
