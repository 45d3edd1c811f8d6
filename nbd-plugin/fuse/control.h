/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Two processes start a mount: the server, which stays, and the attendant, which the user
 * waits for.
 *
 *   server:     open the image ─► mount ─► ready ─┐               ┌─► go on, or end
 *   attendant:                                    └─► mount the ──┘
 *                                                     tree ─► done
 *
 * The end of one process before its message tells the other one that it has failed.
 */
#ifndef FARROOT_CONTROL_H
#define FARROOT_CONTROL_H

#include <stdbool.h>
#include <sys/types.h>

struct control {
	int fd;			/* readable when the other process has something to say; -1: none */
	bool is_server;		/* this process */
	pid_t other;		/* for the parent; 0 in the child */
};

/* Forks: with server_is_parent the server is this process, otherwise the child.  Call it
 * before any thread is started.  Returns 0 in both processes, or -errno.
 */
int control_fork(struct control *control, bool server_is_parent);

/* Tells the other process that this one is ready or done. */
void control_tell(const struct control *control);

/* Blocks until the other process has told something.  Returns false if it has ended instead. */
bool control_heard(const struct control *control);

/* Closes the connection.  In the parent, waits for the child if wait is true.  Returns the
 * child's exit status, or 0.
 */
int control_close(struct control *control, bool wait);

#endif
