/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The places of a squashfs' tables: inodes, directories, fragments and ids, in this order
 * at the end.  Two thirds of a boot's reads are small reads of these tables, and each
 * read waits for the previous one.
 * Source of the format: squashfs_fs.h of the Linux kernel, version 4.0.
 */
#ifndef FARROOT_SQUASHFS_SUPERBLOCK_H
#define FARROOT_SQUASHFS_SUPERBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SQUASHFS_SUPERBLOCK_SIZE 96

struct squashfs_tables {
	uint64_t inodes, directories, fragments;	/* offsets in bytes */
	uint64_t end;					/* size of the file system in bytes */
};

/* Whether an image begins as a squashfs: its first size bytes, of which 4 are enough to tell.  Any thread;
 * does not block.
 */
bool squashfs_superblock_begins(const uint8_t *bytes, size_t size);

/* Parses the untrusted first size bytes of an image of image_bytes.  Returns false if they
 * are not the beginning of a valid squashfs 4.0.  Any thread; does not block.
 */
bool squashfs_superblock_tables(const uint8_t *bytes, size_t size, uint64_t image_bytes,
			  struct squashfs_tables *out);

#endif
