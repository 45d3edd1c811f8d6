/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A loop device over a file.  Source: linux/loop.h, drivers/block/loop.c, loop(4).
 */
#ifndef FARROOT_LOOP_DEVICE_H
#define FARROOT_LOOP_DEVICE_H

#include <stdint.h>

/* The fixed major number of the kernel's loop driver. */
#define LOOP_DEVICE_MAJOR 7

/* Makes a read-only loop device over the first size_bytes of a file, with direct I/O where the
 * file system has it.  dev_fd: the directory /dev.  The device has blocks of block_bytes, 512 to
 * 4096, and is detached when its last user closes it.  Sets *n, the N of /dev/loopN.
 * Returns a descriptor of the device, which the caller must close when another user has it, or
 * -errno: -ENOENT, the kernel has no loop devices (module loop).  Needs CAP_SYS_ADMIN.
 */
int loop_device_attach(int dev_fd, int file_fd, uint64_t size_bytes, unsigned block_bytes, int *n);

#endif
