/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * An origin that never answers: its name does not exist, no name server answers for it, or its
 * address does not answer.  Names that end in .invalid are looked up here, not by the resolver.
 */
#ifndef FARROOT_TEST_DEAD_ORIGIN_H
#define FARROOT_TEST_DEAD_ORIGIN_H

#include <stddef.h>

enum dead_kind { DEAD_NONE, DEAD_NAME_UNKNOWN, DEAD_NAME_SILENT, DEAD_ADDRESS_SILENT, DEAD_KINDS };

#define DEAD_SOCKETS 4

/* A name of 127.0.0.1 whose look-up takes 0.2 s. */
#define SLOW_NAME "slow.invalid"

struct dead_origin {
	int sockets[DEAD_SOCKETS];
	unsigned count;
	unsigned port;
};

/* Writes the URL. */
void dead_origin_begin(struct dead_origin *dead, enum dead_kind kind, char *url, size_t size);
void dead_origin_end(struct dead_origin *dead);

const char *dead_kind_name(enum dead_kind kind);

#endif
