/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Converts text to values.  The whole text must be the value.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/options.h"

int parse_size(const char *text, uint64_t *bytes)
{
	static const char suffixes[] = "bkmgtp";
	const char *suffix;
	uint64_t value;
	char *end;
	unsigned shift = 0;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno)
		return -EINVAL;
	if (*end) {
		suffix = strchr(suffixes, tolower((unsigned char)*end));
		if (!suffix || end[1])
			return -EINVAL;
		shift = 10 * (unsigned)(suffix - suffixes);
	}
	/* A size is also an offset, and offsets are signed in the kernel. */
	if (value > (uint64_t)INT64_MAX >> shift)
		return -EINVAL;
	*bytes = value << shift;
	return 0;
}

int parse_seconds(const char *text, uint64_t *ms)
{
	double seconds;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	seconds = strtod(text, &end);
	if (*end || !isfinite(seconds) || seconds > 1e9)
		return -EINVAL;
	*ms = (uint64_t)(seconds * 1000.0 + 0.5);
	return 0;
}

int parse_bool(const char *text, bool *out)
{
	static const char *const yes[] = { "1", "true", "t", "yes", "y", "on" };
	static const char *const no[] = { "0", "false", "f", "no", "n", "off" };
	size_t i;

	for (i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		if (!strcasecmp(text, yes[i])) {
			*out = true;
			return 0;
		}
		if (!strcasecmp(text, no[i])) {
			*out = false;
			return 0;
		}
	}
	return -EINVAL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int parse_roothash(const char *text, uint8_t out[32])
{
	size_t i;
	int high, low;

	if (strlen(text) != 64)
		return -EINVAL;
	for (i = 0; i < 32; i++) {
		high = hex_digit(text[2 * i]);
		low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

bool parse_is_https(const char *url)
{
	return !strncasecmp(url, "https://", 8);
}

bool parse_is_url(const char *text)
{
	return strstr(text, "://") != NULL;
}
