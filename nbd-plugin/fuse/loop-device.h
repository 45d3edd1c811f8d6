/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Loop devices of the kernel.
 */
#ifndef FARROOT_LOOP_DEVICE_H
#define FARROOT_LOOP_DEVICE_H

#include <stddef.h>

/* Attaches file to a free loop device, read-only, and writes the device's path to device.  The
 * device detaches itself when nothing uses it: keep the returned file descriptor until the
 * device is mounted.  Needs root.  Returns the file descriptor or -errno.
 */
int loop_device_attach(const char *file, char *device, size_t size);

#endif
