/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "hostile-faults.h"
#include "prng.h"

enum trait { PLAIN, CORRUPTS, RIGHT };

static const struct {
	const char *name;
	enum trait trait;
} kinds_table[HOSTILE_KINDS] = {
	[HOSTILE_NONE] = { "none", RIGHT },
	[HOSTILE_CUT] = { "cut", PLAIN },
	[HOSTILE_STALL_BODY] = { "stall-body", PLAIN },
	[HOSTILE_DRIP] = { "drip", RIGHT },
	[HOSTILE_TRICKLE] = { "trickle", PLAIN },
	[HOSTILE_TOO_LONG] = { "too-long", PLAIN },
	[HOSTILE_FLIP] = { "flip", CORRUPTS },
	[HOSTILE_ZEROES] = { "zeroes", CORRUPTS },
	[HOSTILE_STALL_HEADER] = { "stall-header", PLAIN },
	[HOSTILE_FULL_200] = { "full-200", PLAIN },
	[HOSTILE_HTML_200] = { "html-200", PLAIN },
	[HOSTILE_WRONG_START] = { "wrong-start", PLAIN },
	[HOSTILE_WRONG_END] = { "wrong-end", PLAIN },
	[HOSTILE_WRONG_TOTAL] = { "wrong-total", PLAIN },
	[HOSTILE_SHIFTED] = { "shifted", CORRUPTS },
	[HOSTILE_NO_RANGE] = { "no-range", PLAIN },
	[HOSTILE_BAD_RANGE] = { "bad-range", PLAIN },
	[HOSTILE_WRONG_LENGTH] = { "wrong-length", PLAIN },
	[HOSTILE_GZIP] = { "gzip", PLAIN },
	[HOSTILE_MULTIPART] = { "multipart", PLAIN },
	[HOSTILE_GARBAGE] = { "garbage", PLAIN },
	[HOSTILE_HUGE_HEADERS] = { "huge-headers", PLAIN },
	[HOSTILE_REDIRECT_LOOP] = { "redirect-loop", PLAIN },
	[HOSTILE_REDIRECT_NOWHERE] = { "redirect-nowhere", PLAIN },
	[HOSTILE_401] = { "401", PLAIN },
	[HOSTILE_403] = { "403", PLAIN },
	[HOSTILE_404] = { "404", PLAIN },
	[HOSTILE_410] = { "410", PLAIN },
	[HOSTILE_412] = { "412", PLAIN },
	[HOSTILE_416] = { "416", PLAIN },
	[HOSTILE_429] = { "429", PLAIN },
	[HOSTILE_500] = { "500", PLAIN },
	[HOSTILE_502] = { "502", PLAIN },
	[HOSTILE_503] = { "503", PLAIN },
	[HOSTILE_REPLACED] = { "replaced", CORRUPTS },
	[HOSTILE_RESIZED] = { "resized", CORRUPTS },
	[HOSTILE_RESET] = { "reset", PLAIN },
	[HOSTILE_RESET_BODY] = { "reset-body", PLAIN },
	[HOSTILE_HANG_UP] = { "hang-up", PLAIN },
	[HOSTILE_REFUSE] = { "refuse", PLAIN },
	[HOSTILE_REDIRECT] = { "redirect", RIGHT },
	[HOSTILE_CHUNKED] = { "chunked", RIGHT },
	[HOSTILE_INTERIM] = { "interim", RIGHT },
	[HOSTILE_CLOSE] = { "close", RIGHT },
};

const char *hostile_kind_name(enum hostile_kind kind)
{
	return kinds_table[kind].name;
}

bool hostile_kind_corrupts(enum hostile_kind kind)
{
	return kinds_table[kind].trait == CORRUPTS;
}

bool hostile_kind_is_right(enum hostile_kind kind)
{
	return kinds_table[kind].trait == RIGHT;
}

static uint64_t kind_of_name(const char *name, size_t length)
{
	unsigned k;

	if (length == 3 && !memcmp(name, "all", 3))
		return HOSTILE_ALL;
	for (k = 0; k < HOSTILE_KINDS; k++)
		if (strlen(kinds_table[k].name) == length &&
		    !memcmp(kinds_table[k].name, name, length))
			return HOSTILE_BIT(k);
	return 0;
}

int hostile_kinds_parse(const char *text, uint64_t *kinds)
{
	uint64_t found;
	size_t length;

	*kinds = 0;
	do {
		length = strcspn(text, ",");
		found = kind_of_name(text, length);
		if (!found)
			return -EINVAL;
		*kinds |= found;
		text += length;
	} while (*text++);
	*kinds &= ~HOSTILE_BIT(HOSTILE_NONE);
	return 0;
}

static enum hostile_kind pick(uint64_t kinds, uint64_t n)
{
	unsigned k;

	n %= (unsigned)__builtin_popcountll(kinds);
	for (k = 0; k < HOSTILE_KINDS; k++)
		if ((kinds >> k & 1) && !n--)
			break;
	return (enum hostile_kind)k;
}

struct hostile_decision hostile_decide(uint64_t seed, uint64_t ordinal,
				       uint64_t kinds, unsigned percent)
{
	struct prng r = prng_of(seed, ordinal);
	struct hostile_decision d = { HOSTILE_NONE, 0 };

	if (kinds && prng_percent(&r, percent))
		d.kind = pick(kinds, prng_next(&r));
	d.detail = prng_next(&r);
	return d;
}
