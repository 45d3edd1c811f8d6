/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "common/file-io.h"

ssize_t file_read(int fd, void *buf, size_t count, uint64_t offset)
{
	size_t done = 0;
	ssize_t got;

	while (done < count) {
		got = pread(fd, (char *)buf + done, count - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int file_write(int fd, const void *bytes, size_t count, uint64_t offset)
{
	size_t done = 0;
	ssize_t put;

	while (done < count) {
		put = pwrite(fd, (const char *)bytes + done, count - done, (off_t)(offset + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		done += (size_t)put;
	}
	return 0;
}
