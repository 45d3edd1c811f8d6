/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * FARROOT_TEST_SLACK, a whole number of at least 1 (the default), is for slow and
 * busy machines and for sanitizers: each upper limit on time in a test is multiplied
 * by it.  slack.sh does the same for tests in shell.
 */
#ifndef FARROOT_TEST_SLACK_H
#define FARROOT_TEST_SLACK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns the limit, in seconds or milliseconds, on this machine; ends the test if
 * the variable is not what it must be.
 */
static inline uint64_t slack(uint64_t limit)
{
	const char *text = getenv("FARROOT_TEST_SLACK");

	if (!text || !*text)
		return limit;
	if (*text == '0' || text[strspn(text, "0123456789")]) {
		fprintf(stderr, "FARROOT_TEST_SLACK=%s: must be a whole number of at least 1\n", text);
		exit(99);
	}
	return limit * strtoull(text, NULL, 10);
}

#endif
