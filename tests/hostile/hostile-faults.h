/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The faults of a hostile origin, by name, and which request gets which fault: a pure
 * function of the seed and the request's ordinal, so that a run can be repeated.
 */
#ifndef FARROOT_TEST_HOSTILE_FAULTS_H
#define FARROOT_TEST_HOSTILE_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

enum hostile_kind {
	HOSTILE_NONE,		/* the right answer */
	/* The body */
	HOSTILE_CUT, HOSTILE_STALL_BODY, HOSTILE_DRIP, HOSTILE_TRICKLE,
	HOSTILE_TOO_LONG, HOSTILE_FLIP, HOSTILE_ZEROES,
	/* The header */
	HOSTILE_STALL_HEADER, HOSTILE_FULL_200, HOSTILE_HTML_200,
	HOSTILE_WRONG_START, HOSTILE_WRONG_END, HOSTILE_WRONG_TOTAL,
	HOSTILE_SHIFTED, HOSTILE_NO_RANGE, HOSTILE_BAD_RANGE, HOSTILE_WRONG_LENGTH,
	HOSTILE_GZIP, HOSTILE_MULTIPART, HOSTILE_GARBAGE, HOSTILE_HUGE_HEADERS,
	HOSTILE_REDIRECT_LOOP, HOSTILE_REDIRECT_NOWHERE,
	HOSTILE_401, HOSTILE_403, HOSTILE_404, HOSTILE_410, HOSTILE_412,
	HOSTILE_416, HOSTILE_429, HOSTILE_500, HOSTILE_502, HOSTILE_503,
	/* The image */
	HOSTILE_REPLACED, HOSTILE_RESIZED,
	/* The connection */
	HOSTILE_RESET, HOSTILE_RESET_BODY, HOSTILE_HANG_UP, HOSTILE_REFUSE,
	/* Unusual, but correct: must be accepted */
	HOSTILE_REDIRECT, HOSTILE_CHUNKED, HOSTILE_INTERIM, HOSTILE_CLOSE,
	HOSTILE_KINDS
};

/* A set of kinds: bit 1 << kind. */
#define HOSTILE_BIT(kind) (1ULL << (kind))
#define HOSTILE_ALL (HOSTILE_BIT(HOSTILE_KINDS) - 1 - HOSTILE_BIT(HOSTILE_NONE))
/* Those that any request may get, beside one for a range. */
#define HOSTILE_ANY_REQUEST (HOSTILE_BIT(HOSTILE_RESET) | HOSTILE_BIT(HOSTILE_HANG_UP) | HOSTILE_BIT(HOSTILE_REFUSE) | \
			     HOSTILE_BIT(HOSTILE_GARBAGE) | HOSTILE_BIT(HOSTILE_HUGE_HEADERS))
#define HOSTILE_REDIRECTS (HOSTILE_BIT(HOSTILE_REDIRECT) | HOSTILE_BIT(HOSTILE_REDIRECT_LOOP) | \
			   HOSTILE_BIT(HOSTILE_REDIRECT_NOWHERE))

const char *hostile_kind_name(enum hostile_kind kind);

/* Whether this kind sends wrong bytes that only a hash can detect: not for
 * verify=none.
 */
bool hostile_kind_corrupts(enum hostile_kind kind);

/* Whether the response is correct and must be accepted. */
bool hostile_kind_is_right(enum hostile_kind kind);

/* "cut,stall-body", or "all".  Returns 0 or -EINVAL. */
int hostile_kinds_parse(const char *text, uint64_t *kinds);

struct hostile_decision {
	enum hostile_kind kind;
	uint64_t detail;	/* where to cut, which bit to flip, ... */
};

/* The fault of request number ordinal: percent of the requests get one of kinds. */
struct hostile_decision hostile_decide(uint64_t seed, uint64_t ordinal,
				       uint64_t kinds, unsigned percent);

#endif
