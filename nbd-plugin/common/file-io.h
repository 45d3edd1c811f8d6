/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * pread(2) and pwrite(2) of all bytes.  Any thread; they block for the disk.
 */
#ifndef FARROOT_FILE_IO_H
#define FARROOT_FILE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Returns the number of bytes, fewer than count only at the end of the file, or -errno. */
ssize_t file_read(int fd, void *buf, size_t count, uint64_t offset);

/* Returns 0 or -errno. */
int file_write(int fd, const void *bytes, size_t count, uint64_t offset);

#endif
