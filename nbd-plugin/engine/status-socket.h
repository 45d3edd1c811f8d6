/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The status socket: a Unix socket that sends the status of an image as one line of JSON
 * to each client that connects.  A client that sends a request of common/status-requests.h
 * within 200 ms also gets the answer to it.  Then the server closes the connection.
 */
#ifndef FARROOT_STATUS_SOCKET_H
#define FARROOT_STATUS_SOCKET_H

#include "engine/image.h"
#include "common/log.h"

struct status_socket;

/* Listens on path (mode 0600) and starts a thread that serves the clients, one at a time.
 * A socket that a dead process has left at path is replaced.  image and log must outlive
 * the status socket.  Returns 0 or -errno, after logging the reason.  Changes the umask
 * for a moment, so no other thread may create files meanwhile.
 */
int status_socket_open(const char *path, struct image *image, const struct log *log,
		       struct status_socket **out);
/* Ends the thread, waits for it, and removes the socket.  NULL is fine. */
void status_socket_close(struct status_socket *socket);

#endif
