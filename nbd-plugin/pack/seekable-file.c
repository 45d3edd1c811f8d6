/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "engine/format/seek-table-load.h"
#include "pack/seekable-file.h"
#include "pack/seekable-writer.h"

bool seekable_file_has_table(int fd, uint64_t size)
{
	uint8_t footer[SEEK_TABLE_FOOTER];
	struct seek_table_place place;
	char why[SEEK_TABLE_WHY];

	return size >= sizeof footer &&
	       !seek_table_read_file(&fd, footer, sizeof footer, size - sizeof footer) &&
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
