/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The unit tests' assertions: the first that fails says where, and both values,
 * and ends the test.
 */
#ifndef FARROOT_CHECK_H
#define FARROOT_CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
	do { \
		if (!(condition)) \
			check_failed(__FILE__, __LINE__, #condition, "false", "true"); \
	} while (0)

/* Integers of any type; values are shown as signed 64 bits. */
#define CHECK_EQ(got, wanted) \
	check_eq(__FILE__, __LINE__, #got, (int64_t)(got), (int64_t)(wanted))

#define CHECK_STR(got, wanted) \
	check_str(__FILE__, __LINE__, #got, (got), (wanted))

/* Whether text holds part. */
#define CHECK_SAYS(text, part) \
	check_says(__FILE__, __LINE__, #text, (text), (part))

static inline void check_failed(const char *file, int line, const char *what,
				const char *got, const char *wanted)
{
	fprintf(stderr, "%s:%d: %s is %s, must be %s\n", file, line, what, got, wanted);
	exit(1);
}

static inline void check_eq(const char *file, int line, const char *what,
			    int64_t got, int64_t wanted)
{
	char a[32], b[32];

	if (got == wanted)
		return;
	snprintf(a, sizeof a, "%" PRId64, got);
	snprintf(b, sizeof b, "%" PRId64, wanted);
	check_failed(file, line, what, a, b);
}

static inline void check_str(const char *file, int line, const char *what,
			     const char *got, const char *wanted)
{
	if (!got || !wanted ? got != wanted : strcmp(got, wanted) != 0)
		check_failed(file, line, what, got ? got : "NULL", wanted ? wanted : "NULL");
}

static inline void check_says(const char *file, int line, const char *what,
			      const char *text, const char *part)
{
	if (!strstr(text, part))
		check_failed(file, line, what, text, part);
}

#endif
