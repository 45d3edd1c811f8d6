/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * TCP sockets on 127.0.0.1.
 */
#ifndef FARROOT_TEST_LOOPBACK_H
#define FARROOT_TEST_LOOPBACK_H

/* A socket that is bound to this port, which others may be bound to, too; 0: to any free one.
 * Returns it or -errno.
 */
int loopback_socket(unsigned port);

/* The same, and it listens. */
int loopback_listen(unsigned port, int backlog);

/* The port that a socket is bound to. */
unsigned loopback_port(int fd);

/* Sends each piece at once. */
void loopback_no_delay(int fd);

#endif
