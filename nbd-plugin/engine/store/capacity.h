/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * How large the store may grow.
 */
#ifndef FARROOT_CAPACITY_H
#define FARROOT_CAPACITY_H

#include <stdint.h>

#include "common/options.h"

/* Bytes of memory that can be had without swapping; 0 if the system won't say. */
uint64_t capacity_memory_available(void);

/* The budget for an image of image_bytes.  Memory: what cache= says, by default
 * all of the image if that fits in half of the available memory, else that
 * half.  A file (store_fd >= 0): what cache= says, by default all of the image
 * if it fits on the file system, else nine tenths of what does.
 */
uint64_t capacity_bytes(const struct options *options, uint64_t image_bytes, int store_fd);

#endif
