/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The tree of the file system inside an image.
 */
#ifndef FARROOT_TREE_MOUNT_H
#define FARROOT_TREE_MOUNT_H

#include <stdbool.h>

#include "fuse/mount-options.h"

/* Whether this user could mount a tree at all; the kind of image is not known yet.  Otherwise
 * prints what to install.
 */
bool tree_is_possible(void);

/* Mounts the squashfs, erofs, ext4, btrfs or ISO 9660 in the file image on folder: with root by a loop device,
 * otherwise, or if there is no loop device, by squashfuse_ll, erofsfuse or fuse2fs.  Blocks while the
 * image has an outage; a signal ends the process then.  image may be unmounted lazily
 * afterwards.  Not in the process that answers the reads of image.  Returns 0 or -1, after a
 * message.
 */
int tree_mount(const char *image, const char *folder, const struct mount_options *options);

#endif
