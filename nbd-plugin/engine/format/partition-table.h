/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Finds a partition of a disk: a primary partition of an MBR, or a partition of a GPT with
 * sectors of 512 or 4096 bytes.  Logical partitions of an MBR are not found.
 * Sources: UEFI Specification 2.10, 5.2.1 (MBR), 5.3.2 and 5.3.3 (GPT).
 *
 * Nothing on the disk is trusted: a partition that is returned lies within the disk.
 */
#ifndef FARROOT_PARTITION_TABLE_H
#define FARROOT_PARTITION_TABLE_H

#include <stdint.h>

/* For messages; large enough for each. */
#define PARTITION_WHY 192

struct partition {
	uint64_t offset, bytes;		/* bytes > 0 */
};

/* Reads count bytes at offset into buf, within the disk.  Returns 0 or -errno. */
typedef int partition_read(void *ctx, void *buf, uint32_t count, uint64_t offset);

/* Finds partition number, from 1 on, of a disk of disk_bytes by at most three small calls of read.
 * Returns 0; -EINVAL with a message in why (PARTITION_WHY bytes): there is none; or what read has
 * returned, without a message.  Blocks as read does.
 */
int partition_find(partition_read *read, void *ctx, uint64_t disk_bytes, unsigned number,
		   struct partition *out, char *why);

#endif
