/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What needs the size of the image: store, scheduler, access trace, hash cache.
 */
#ifndef FARROOT_SIZE_SETUP_H
#define FARROOT_SIZE_SETUP_H

#include <stdint.h>

struct fetch;

/* Sets all of it up.  Returns 0 or -errno; then size_forget has to undo the rest. */
int size_setup(struct fetch *f, uint64_t size_bytes);

/* Undoes that, and cancels all requests for blocks: the size was wrong.  Not once the
 * image is open.
 */
void size_forget(struct fetch *f);

#endif
