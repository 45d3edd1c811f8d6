/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack/fill.h"
#include "pack/write-all.h"

int fill_open_input(const struct pack *p)
{
	int fd;

	/* open("/dev/stdin") fails for a socket. */
	fd = strcmp(p->input, FILL_STANDARD_INPUT) ? open(p->input, O_RDONLY | O_CLOEXEC) :
						     dup(STDIN_FILENO);
	if (fd < 0)
		fprintf(stderr, "farroot pack: %s: %s\n", p->input, strerror(errno));
	return fd;
}

/* Copies size bytes, or what there is until the end of the input. */
static int copy_bytes(int from, int to, uint64_t size)
{
	static char buffer[1 << 20];
	ssize_t got;
	int err;

	while (size) {
		got = read(from, buffer, size < sizeof buffer ? (size_t)size : sizeof buffer);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : 0;
		err = write_all(to, buffer, (size_t)got);
		if (err)
			return err;
		size -= (uint64_t)got;
	}
	return 0;
}

/* Copies the bytes from start to size of a file, except its holes. */
static int copy_data(int from, int to, off_t start, off_t size)
{
	off_t data, hole = start;
	int err;

	while ((data = lseek(from, hole, SEEK_DATA)) >= 0) {
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0 || lseek(from, data, SEEK_SET) < 0 || lseek(to, data - start, SEEK_SET) < 0)
			return -errno;
		err = copy_bytes(from, to, (uint64_t)(hole - data));
		if (err)
			return err;
	}
	if (errno != ENXIO)
		return -errno;
	return ftruncate(to, start < size ? size - start : 0) ? -errno : 0;
}

/* Returns whether the file system can tell where the holes of a file are. */
static bool has_map(int fd, off_t start)
{
	return lseek(fd, start, SEEK_DATA) >= 0 || errno == ENXIO;
}

/* Holes stay holes.  Only standard input may have been read before. */
static int copy(int from, int to)
{
	off_t start = lseek(from, 0, SEEK_CUR);
	struct stat before, after;
	int err;

	if (fstat(from, &before))
		return -errno;
	if (!S_ISREG(before.st_mode) || !has_map(from, start))
		return copy_bytes(from, to, UINT64_MAX);
	err = copy_data(from, to, start, before.st_size);
	if (!err && fstat(from, &after))
		err = -errno;
	return err ? err : after.st_size == before.st_size ? 0 : PACK_CHANGED;
}

int fill_plain(struct pack *p, const char *path, int fd)
{
	int from = fill_open_input(p), err;

	(void)path;
	if (from < 0)
		return PACK_SAID;
	err = copy(from, fd);
	close(from);
	return err;
}
