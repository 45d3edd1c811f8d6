/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What the file "image" of a FUSE mount is read from: an image of the engine, or a local
 * file.  One thread, the one that runs the FUSE session, calls all of these.
 */
#ifndef FARROOT_CONTENT_H
#define FARROOT_CONTENT_H

#include <stdint.h>

#include "engine/image.h"

struct local_file;

/* Exactly one of the two; the caller owns it. */
struct content {
	struct image *image;		/* open */
	struct local_file *file;
};

uint64_t content_size(const struct content *content);

/* Reads count > 0 bytes at offset, within the size.  Never waits for an origin: returns
 * -EAGAIN if it had to; only an image has this.  Returns 0; -EIO, after logging the reason
 * (a local file that is damaged); -errno.  May block for a disk.
 */
int content_read(const struct content *content, void *buf, uint32_t count, uint64_t offset);

#endif
