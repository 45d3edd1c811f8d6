/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Tells how an image stands to whoever connects to a Unix socket: one line of
 * JSON, at once and unasked.  A client that has sent STATUS_SOCKET_PROFILE by then
 * or a moment later gets what was read so far, as a profile.  Then comes the end.
 */
#ifndef FARROOT_STATUS_SOCKET_H
#define FARROOT_STATUS_SOCKET_H

#include "engine/image.h"
#include "common/log.h"

#define STATUS_SOCKET_PROFILE "profile\n"

struct status_socket;

/* Listens on path (mode 0600); a socket that nobody listens on any more is
 * replaced.  Starts a thread.  Returns 0 or -errno, having logged why.
 */
int status_socket_open(const char *path, struct image *image, const struct log *log,
		       struct status_socket **out);
/* Ends the thread and removes the socket; NULL is fine. */
void status_socket_close(struct status_socket *socket);

#endif
