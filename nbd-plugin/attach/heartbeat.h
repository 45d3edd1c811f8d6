/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Asks a server once per second for the first block of its image, over a connection of its
 * own.  That block was read when the image was mounted, so it is in the store, and an outage
 * does not delay the answer.
 *
 * For one thread.
 */
#ifndef FARROOT_HEARTBEAT_H
#define FARROOT_HEARTBEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heartbeat {
	int fd;			/* -1: no connection */
	bool waits;		/* a question is not answered */
	bool was_answered;	/* a question ever was */
	bool greets;		/* the last new connection was greeted */
	unsigned silent_s;	/* calls of heartbeat_tick since the last answer but one */
	uint64_t cookie;
	size_t got;
	uint8_t reply[16 + 4096];
};

/* The start and the end; heartbeat_stop is fine twice. */
void heartbeat_init(struct heartbeat *h);
void heartbeat_stop(struct heartbeat *h);

/* Call it once per second: asks again, or counts the silence.  After a pause of the whole
 * machine only one second counts.  Returns whether the server at this socket must be
 * replaced.  Blocks for 1 s at most, when the server is silent.
 */
bool heartbeat_tick(struct heartbeat *h, const char *socket_path);

/* Takes what has come on h->fd.  Does not block. */
void heartbeat_receive(struct heartbeat *h);

/* Returns whether the server greets a new connection within 1 s, and so runs. */
bool heartbeat_greets(const char *socket_path);

#endif
