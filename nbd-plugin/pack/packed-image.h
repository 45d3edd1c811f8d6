/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Recognises a file that already has a hash tree, also if its end is missing.
 */
#ifndef FARROOT_PACKED_IMAGE_H
#define FARROOT_PACKED_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

struct packed_image {
	uint64_t hash_offset;	/* of the superblock, in bytes */
	uint64_t size_bytes;	/* with the whole tree; more than the file if that is truncated */
};

/* Looks for a dm-verity superblock that is at the place that it names, and whose tree ends at
 * size_bytes, the size of the file, or would end behind it.  If less than the signature of the
 * superblock (8 bytes) is left, nothing is found: such a file is like one without a tree.
 * Reads a few bytes of each block in the last 1/128 of the file, without holes.  Changes the
 * position of fd.  Blocks for the disk.
 */
bool packed_image_find(int fd, uint64_t size_bytes, struct packed_image *out);

#endif
