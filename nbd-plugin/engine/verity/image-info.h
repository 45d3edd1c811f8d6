/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What a local file tells of itself that may have been made by farroot pack.
 */
#ifndef FARROOT_IMAGE_INFO_H
#define FARROOT_IMAGE_INFO_H

#include <stdint.h>

struct image_info {
	uint64_t size_bytes;	/* of the file */
	uint64_t data_bytes;	/* in front of the superblock; all if there is none */
	char roothash[65];	/* hexadecimal; "" if there is no hash tree */
};

/* Reads the size of a file and, if it has a hash tree, the root hash that its top
 * block leads to; nothing else of it is checked.  A block device is fine as well.
 * Returns 0 or -errno.
 */
int image_info_read(const char *path, struct image_info *out);

#endif
