/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "engine/format/little-endian.h"
#include "engine/format/squashfs-superblock.h"

#define MAGIC 0x73717368U	/* "hsqs" */
#define MAJOR 4

/* Offsets in the superblock. */
enum { AT_MAJOR = 28, AT_BYTES_USED = 40, AT_INODES = 64, AT_DIRECTORIES = 72, AT_FRAGMENTS = 80 };

bool squashfs_superblock_begins(const uint8_t *bytes, size_t size)
{
	return size >= 4 && little_endian32(bytes) == MAGIC;
}

bool squashfs_superblock_tables(const uint8_t *bytes, size_t size, uint64_t image_bytes,
			  struct squashfs_tables *out)
{
	if (size < SQUASHFS_SUPERBLOCK_SIZE)
		return false;
	if (!squashfs_superblock_begins(bytes, size) || bytes[AT_MAJOR] != MAJOR || bytes[AT_MAJOR + 1])
		return false;
	out->inodes = little_endian64(bytes + AT_INODES);
	out->directories = little_endian64(bytes + AT_DIRECTORIES);
	out->fragments = little_endian64(bytes + AT_FRAGMENTS);
	out->end = little_endian64(bytes + AT_BYTES_USED);
	/* Without fragments there is no fragment table: the offset is all ones. */
	if (out->fragments > out->end)
		out->fragments = out->end;
	return out->inodes >= SQUASHFS_SUPERBLOCK_SIZE && out->inodes < out->directories &&
	       out->directories <= out->fragments && out->end <= image_bytes;
}
