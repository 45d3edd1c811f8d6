/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The server of nbd device n (0 or 1) of the supervisor: an nbdkit, found by a lock that it
 * holds until it ends, however it ends.  The kernel says which process holds the lock, so
 * there is no file with a process id that could be wrong.
 *
 * All files are in NBD_SERVER_FOLDER of the current root directory, which is the sandbox.
 * For processes with one thread.
 */
#ifndef FARROOT_NBD_SERVER_H
#define FARROOT_NBD_SERVER_H

#include <sys/types.h>

#define NBD_SERVER_FOLDER "/supervised"
#define NBD_SERVER_PATH_BYTES 64

/* The path of its socket. */
void nbd_server_socket(int n, char path[NBD_SERVER_PATH_BYTES]);

/* Returns the process, or 0 if there is none.  Does not block. */
pid_t nbd_server_find(int n);

/* Opens a descriptor of the process, which the caller must close and which is readable when
 * the process has ended; sets *pid.  Returns -1 if there is none.  Does not block.
 */
int nbd_server_watch(int n, pid_t *pid);

/* Starts command: the path of nbdkit, and its arguments from the plugin on, then NULL.
 * Waits until the process has executed it or has ended.  Returns 0 or -errno; its messages
 * are in nbdkit.log.
 */
int nbd_server_start(int n, char *const command[]);

/* Kills the server with SIGKILL and waits until it is gone, up to limit_ms.  Returns 0, or
 * -ETIMEDOUT.
 */
int nbd_server_kill(int n, unsigned limit_ms);

#endif
