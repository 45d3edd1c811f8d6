/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#ifndef FARROOT_WRITE_ALL_H
#define FARROOT_WRITE_ALL_H

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

/* Writes all bytes, where the file is.  Returns 0 or -errno.  Blocks for the disk. */
static inline int write_all(int to, const void *bytes, size_t size)
{
	const char *at = bytes;
	ssize_t put;

	while (size) {
		put = write(to, at, size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		at += put;
		size -= (size_t)put;
	}
	return 0;
}

#endif
