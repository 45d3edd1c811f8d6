/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Notices when the machine's network changes, so that a wait for an origin can
 * end at once instead of at its next scheduled try.
 */
#ifndef FARROOT_LINK_MONITOR_H
#define FARROOT_LINK_MONITOR_H

#include <stdbool.h>

/* A descriptor that becomes readable on a change; close it with close(2).  -1: the kernel
 * allows no rtnetlink socket; waits then end at their scheduled time.
 */
int link_monitor_open(void);

/* Reads all messages of the descriptor, without blocking.  Returns whether a link came up,
 * or an address or a route appeared.
 */
bool link_monitor_came_up(int fd);

#endif
