/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Sources: proc_meminfo(5); Documentation/accounting/psi.rst of Linux.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "engine/store/memory-state.h"

/* Both values are in the first three lines of meminfo. */
#define TEXT_BYTES 512
/* Microseconds of a window.  Other windows than multiples of 2 s need privileges. */
#define TRIGGER "some 200000 2000000"

static int read_text(const char *proc, const char *name, char text[TEXT_BYTES])
{
	char path[256];
	ssize_t got;
	int fd, err;

	snprintf(path, sizeof path, "%s/%s", proc, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, text, TEXT_BYTES - 1);
	err = got < 0 ? -errno : 0;
	close(fd);
	text[got < 0 ? 0 : got] = '\0';
	return err;
}

/* The value of a line "NAME: 123 kB", in bytes; 0: there is none. */
static uint64_t value_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	uint64_t kib;

	return at && sscanf(at + strlen(name), " %" SCNu64 " kB", &kib) == 1 ? kib << 10 : 0;
}

int memory_state_read(const char *proc, struct memory_state *out)
{
	char text[TEXT_BYTES];
	int err = read_text(proc, "meminfo", text);

	memset(out, 0, sizeof *out);
	if (err)
		return err;
	out->total_bytes = value_of(text, "MemTotal:");
	out->available_bytes = value_of(text, "MemAvailable:");
	if (!out->total_bytes || !strstr(text, "MemAvailable:")) {
		memset(out, 0, sizeof *out);
		return -EINVAL;
	}
	/* EOPNOTSUPP from read: the kernel has it, and it is off (psi=0). */
	if (!read_text(proc, "pressure/memory", text))
		out->has_stall = sscanf(text, "some avg10=%u", &out->stall_percent) == 1;
	return 0;
}

/* Nothing is written into a file of another file system. */
static int write_trigger(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return -errno;
	if (fs.f_type != PROC_SUPER_MAGIC)
		return -EINVAL;
	/* With the terminating zero, as psi.rst asks for. */
	return write(fd, TRIGGER, sizeof TRIGGER) < 0 ? -errno : 0;
}

int memory_state_open_trigger(const char *proc)
{
	char path[256];
	int fd, err;

	snprintf(path, sizeof path, "%s/pressure/memory", proc);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write_trigger(fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}
