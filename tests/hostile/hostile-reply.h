/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Answers one request, correctly or with one of the faults.
 */
#ifndef FARROOT_TEST_HOSTILE_REPLY_H
#define FARROOT_TEST_HOSTILE_REPLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "hostile-faults.h"

struct hostile_request {
	int fd;
	const uint8_t *image;
	uint64_t image_bytes;
	uint64_t first, last;	/* of Range; last is within the image */
	bool ranged;
	bool redirected;	/* the path is the one that redirects name */
	unsigned port;
	struct hostile_decision decision;
	const _Atomic bool *healed;	/* ends drips and stalls */
	const _Atomic bool *stopping;
};

enum hostile_after { AFTER_KEEP, AFTER_CLOSE, AFTER_RESET };

/* Blocks for as long as the kind of fault takes.  Returns what to do with the
 * connection.
 */
enum hostile_after hostile_reply(const struct hostile_request *request);

#endif
