/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "attach/loop-device.h"

/* Another process may take the free device first. */
#define TRIES 16

static int configure(int fd, int file_fd, uint64_t size_bytes, unsigned block_bytes)
{
	struct loop_config config = {
		.fd = (uint32_t)file_fd,
		.block_size = block_bytes,
		.info = {
			.lo_sizelimit = size_bytes,
			.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO,
			.lo_file_name = "farroot",
		},
	};

	return ioctl(fd, LOOP_CONFIGURE, &config) < 0 ? -errno : 0;
}

static int try_free_device(int dev_fd, int control, int file_fd, uint64_t size_bytes, unsigned block_bytes, int *n)
{
	char name[32];
	int fd, ret;

	*n = ioctl(control, LOOP_CTL_GET_FREE);
	if (*n < 0)
		return -errno;
	snprintf(name, sizeof name, "loop%d", *n);
	fd = openat(dev_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = configure(fd, file_fd, size_bytes, block_bytes);
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

int loop_device_attach(int dev_fd, int file_fd, uint64_t size_bytes, unsigned block_bytes, int *n)
{
	int control = openat(dev_fd, "loop-control", O_RDWR | O_CLOEXEC), tries, ret = -EBUSY;

	if (control < 0)
		return -errno;
	for (tries = 0; tries < TRIES && ret == -EBUSY; tries++)
		ret = try_free_device(dev_fd, control, file_fd, size_bytes, block_bytes, n);
	close(control);
	return ret;
}
