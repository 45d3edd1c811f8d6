/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pack/seekable-file.h"
#include "pack/seekable-writer.h"

static int read_at(int fd, void *bytes, size_t size, uint64_t offset)
{
	size_t done = 0;
	ssize_t got;

	while (done < size) {
		got = pread(fd, (char *)bytes + done, size - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EIO;
		done += (size_t)got;
	}
	return 0;
}

static int read_table(int fd, const struct seek_table_place *place, struct seek_table *out, char *why)
{
	uint8_t *bytes = malloc(place->bytes);
	int err = bytes ? read_at(fd, bytes, place->bytes, place->offset) : -ENOMEM;

	if (err)
		snprintf(why, SEEK_TABLE_WHY, "%s", strerror(-err));
	else
		err = seek_table_parse(place, bytes, out, why);
	free(bytes);
	return err;
}

int seekable_file_read(int fd, uint64_t size, struct seek_table *out, char *why)
{
	uint8_t footer[SEEK_TABLE_FOOTER];
	struct seek_table_place place;
	int err;

	if (size < sizeof footer)
		return -ENOENT;
	err = read_at(fd, footer, sizeof footer, size - sizeof footer);
	if (err)
		snprintf(why, SEEK_TABLE_WHY, "%s", strerror(-err));
	else
		err = seek_table_find(footer, size, &place, why);
	return err ? err : read_table(fd, &place, out, why);
}

bool seekable_file_has_table(int fd, uint64_t size)
{
	uint8_t footer[SEEK_TABLE_FOOTER];
	struct seek_table_place place;
	char why[SEEK_TABLE_WHY];

	return size >= sizeof footer && !read_at(fd, footer, sizeof footer, size - sizeof footer) &&
	       seek_table_find(footer, size, &place, why) != -ENOENT;
}

int seekable_file_pad(int fd, const struct seek_table *table)
{
	struct seekable_writer w = { .fd = fd };
	int err = seekable_writer_resume(&w, table);

	if (!err && (ftruncate(fd, (off_t)table->frames_bytes) ||
		     lseek(fd, (off_t)table->frames_bytes, SEEK_SET) < 0))
		err = -errno;
	if (!err)
		err = seekable_writer_finish(&w);
	seekable_writer_free(&w);
	return err;
}
