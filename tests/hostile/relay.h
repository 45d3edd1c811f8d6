/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A TCP relay on 127.0.0.1: a proxy that is near, before a server that is far.  It accepts at
 * once, and each answer of the server comes a delay after its request.  It may be the end of TLS,
 * too, so that the server behind it is one for https.
 */
#ifndef FARROOT_TEST_RELAY_H
#define FARROOT_TEST_RELAY_H

#include <stdbool.h>

struct relay;

/* To this port, with a delay in each direction.  tls: call tls_server_cainfo first.  Returns 0
 * or -errno.
 */
int relay_new(unsigned port, unsigned delay_ms, bool tls, struct relay **out);
unsigned relay_port(const struct relay *relay);
/* Ends all connections.  NULL is fine. */
void relay_free(struct relay *relay);

#endif
