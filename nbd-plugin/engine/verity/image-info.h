/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The size and the root hash of a local file, which farroot pack may have made.
 */
#ifndef FARROOT_IMAGE_INFO_H
#define FARROOT_IMAGE_INFO_H

#include <stdint.h>

struct image_info {
	uint64_t size_bytes;	/* size of the file */
	uint64_t data_bytes;	/* size of the data in front of the superblock; size_bytes if there is none */
	char roothash[65];	/* hexadecimal; "" if there is no hash tree */
};

/* Reads the size of a file or block device.  If it has a hash tree, also computes the root
 * hash from the top block; nothing else is verified.  Zeroes *out first.  Returns 0 or
 * -errno.  Any thread; blocks for the disk.
 */
int image_info_read(const char *path, struct image_info *out);

#endif
