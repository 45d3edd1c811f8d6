/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A local file as an image: each block is verified when it is read.  Any thread may read, and
 * waits for other reads; functions block for the disk.
 */
#ifndef FARROOT_LOCAL_FILE_H
#define FARROOT_LOCAL_FILE_H

#include <stdint.h>

#include "common/log.h"

struct local_file;

/* Opens the file.  roothash NULL: nothing is verified.  tree_suffix: the hash tree is in the file
 * with this behind its name; NULL: it is at the end.  log must outlive the file.  Returns 0,
 * or -errno with a message in why (why_size bytes).
 */
int local_file_open(const char *path, const uint8_t *roothash, const char *tree_suffix,
		    const struct log *log, struct local_file **out, char *why, size_t why_size);
/* NULL is fine. */
void local_file_close(struct local_file *file);

uint64_t local_file_size(const struct local_file *file);
/* The size of the data in front of the hash tree; if nothing is verified, the whole size. */
uint64_t local_file_data_size(const struct local_file *file);

/* Reads count > 0 bytes at offset, which must be within the file.  Returns 0; -EIO if a
 * block does not verify or the file has become shorter, after logging it; -errno.
 */
int local_file_read(struct local_file *file, void *buf, uint32_t count, uint64_t offset);

#endif
