/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * With direct I/O the loop driver hands all its requests to FUSE at once.  Without it, one
 * thread of the kernel reads them one after another, and a hit would wait for a miss.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fuse/loop-device.h"

/* Another process may take the free device first. */
#define TRIES 32

/* Returns the file descriptor or -errno; -EBUSY: try again. */
static int attach_to_free(int control, int fd, const char *file, char *device, size_t size)
{
	struct loop_config config = { .fd = (uint32_t)fd };
	int number = ioctl(control, LOOP_CTL_GET_FREE), loop, err;

	if (number < 0)
		return -errno;
	snprintf(device, size, "/dev/loop%d", number);
	loop = open(device, O_RDONLY | O_CLOEXEC);
	if (loop < 0)
		return -errno;
	config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
	snprintf((char *)config.info.lo_file_name, sizeof config.info.lo_file_name, "%s", file);
	if (!ioctl(loop, LOOP_CONFIGURE, &config))
		return loop;
	err = -errno;
	close(loop);
	return err;
}

int loop_device_attach(const char *file, char *device, size_t size)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), control, loop, tries;

	if (fd < 0)
		return -errno;
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	loop = control < 0 ? -errno : -EBUSY;
	for (tries = 0; loop == -EBUSY && tries < TRIES; tries++)
		loop = attach_to_free(control, fd, file, device, size);
	if (control >= 0)
		close(control);
	close(fd);
	return loop;
}
