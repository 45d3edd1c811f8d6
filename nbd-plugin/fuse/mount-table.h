/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The mounts of this process, and how to unmount.  The main thread calls these.
 */
#ifndef FARROOT_MOUNT_TABLE_H
#define FARROOT_MOUNT_TABLE_H

#include <stdbool.h>

struct mount_entry {
	char type[64];		/* such as "squashfs" or "fuse.farroot" */
	char source[256];	/* may be cut */
};

/* Finds the topmost mount on path, which must be as mount_place_resolve makes it.  Asks no
 * file system, so it also works for a mount without a server.  Returns whether there is one.
 */
bool mount_table_find(const char *path, struct mount_entry *out);

/* Unmounts path; lazily: also if it is in use, and then without messages.  Uses fusermount3 if
 * the user may not unmount.  Blocks until it is done.  Returns 0, or -errno; without root the
 * message of fusermount3 is on standard error, and the result is -EPERM.
 */
int mount_table_unmount(const char *path, bool lazily);

#endif
