/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The size, the root hash and the hash tree of a local file, which farroot pack may have made.
 */
#ifndef FARROOT_IMAGE_INFO_H
#define FARROOT_IMAGE_INFO_H

#include <stdint.h>

#include "engine/verity/verity.h"

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

/* Finds the hash tree of a file of this size: sets up *out from the superblock, which nothing
 * has verified, and with roothash (NULL: not known) for verity_check; free with verity_free.
 * Returns NULL, or what is wrong, a constant string.  Any thread; blocks for the disk.
 */
const char *image_tree_open(int fd, uint64_t size_bytes, const uint8_t *roothash, struct verity *out);

/* The same of the tree in a file of its own, for data of data_bytes in another one. */
const char *image_tree_open_apart(int tree_fd, uint64_t data_bytes, const uint8_t *roothash, struct verity *out);
/* Opens the file of the tree, beside path: path with suffix behind it.  Returns the descriptor or -errno. */
int image_tree_file_open(const char *path, const char *suffix);

#endif
