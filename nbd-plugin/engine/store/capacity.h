/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The capacity of the store: the most bytes that it may hold.  Any thread may call any
 * function; they read files of /proc and ask the file system, and do not block otherwise.
 */
#ifndef FARROOT_CAPACITY_H
#define FARROOT_CAPACITY_H

#include <stdint.h>

#include "common/options.h"

/* Returns the bytes of memory that are available without swapping (MemAvailable), or an
 * estimate by sysconf if the system does not tell.
 */
uint64_t capacity_memory_available(void);

/* Returns the capacity in bytes for an image of image_bytes, at most image_bytes: cache= if
 * it was given.  The default for a store in memory is the size of the image, but at most
 * half of the available memory.  The default for a store on a disk (store_fd >= 0) is
 * the size of the image if the file system has room for it, otherwise 90 % of the room.
 */
uint64_t capacity_bytes(const struct options *options, uint64_t image_bytes, int store_fd);

#endif
