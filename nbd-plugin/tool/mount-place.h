/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Where farroot mount keeps what belongs to a mount: farroot and its helper program must agree
 * about that.  The main thread calls these.
 */
#ifndef FARROOT_MOUNT_PLACE_H
#define FARROOT_MOUNT_PLACE_H

#include <stddef.h>

/* Writes the absolute path of folder, without symbolic links, to out (PATH_MAX bytes).  folder
 * itself may be a dead mount.  Returns 0 or -errno.
 */
int mount_place_resolve(const char *folder, char *out);

/* Writes the folder for sockets and for hidden mounts to out, and makes it: /run/farroot for
 * root, farroot in $XDG_RUNTIME_DIR or farroot-UID in /tmp for other users.  Returns 0 or
 * -errno; -EPERM: it is there, but belongs to another user or others may write to it.
 */
int mount_place_runtime(char *out, size_t size);

/* Writes the path of the status socket of the mount on folder (an absolute path) to out.
 * Returns 0 or -errno.
 */
int mount_place_socket(const char *folder, char *out, size_t size);

#endif
