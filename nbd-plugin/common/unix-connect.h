/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#ifndef FARROOT_UNIX_CONNECT_H
#define FARROOT_UNIX_CONNECT_H

/* Connects to the Unix socket at path.  Returns a file descriptor, which the caller closes, or
 * -errno; -ENAMETOOLONG: no socket can have this path.  Blocks while the queue of the server
 * is full; limit_s: no longer than these seconds, then -EAGAIN, which later sends have, too; 0: no
 * limit.  Any thread.
 */
int unix_connect(const char *path, unsigned limit_s);

#endif
