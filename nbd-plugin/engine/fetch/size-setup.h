/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Sets up the parts that need the size of the image: store, scheduler, access trace, hash
 * cache.
 */
#ifndef FARROOT_SIZE_SETUP_H
#define FARROOT_SIZE_SETUP_H

#include <stdint.h>

struct fetch;

/* Sets up all of them.  Returns 0; or -errno, after which size_forget must be called. */
int size_setup(struct fetch *f, uint64_t size_bytes);

/* Undoes size_setup, and cancels all requests for blocks.  Not allowed when the image is
 * open.
 */
void size_forget(struct fetch *f);

#endif
