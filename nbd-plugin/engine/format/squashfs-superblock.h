/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Where a squashfs keeps its tables: inodes, directories, fragments, ids, one
 * behind the other at the end.  Two thirds of what a boot reads is in there, in
 * small reads that each wait for the one before.
 * Source of the format: squashfs_fs.h of the Linux kernel, version 4.0.
 */
#ifndef FARROOT_SQUASHFS_SUPERBLOCK_H
#define FARROOT_SQUASHFS_SUPERBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SQUASHFS_SUPERBLOCK_SIZE 96

struct squashfs_tables {
	uint64_t inodes, directories, fragments;	/* first bytes */
	uint64_t end;					/* of the file system */
};

/* Reads the first bytes of an image of image_bytes.  false: no squashfs 4.0, or
 * one that contradicts itself.
 */
bool squashfs_superblock_tables(const uint8_t *bytes, size_t size, uint64_t image_bytes,
			  struct squashfs_tables *out);

#endif
