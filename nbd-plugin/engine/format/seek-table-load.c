/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file-io.h"
#include "engine/format/compressed-file.h"
#include "engine/format/seek-table-load.h"

static int read_or_say(seek_table_read *read, void *ctx, void *buf, uint32_t count, uint64_t offset,
		       char *why)
{
	int err = read(ctx, buf, count, offset);

	if (err)
		snprintf(why, SEEK_TABLE_WHY, "cannot read the seek table: %s", strerror(-err));
	return err;
}

static int load(seek_table_read *read, void *ctx, const struct seek_table_place *place,
		struct seek_table *out, char *why)
{
	uint8_t *bytes = malloc(place->bytes);
	int err;

	if (!bytes) {
		snprintf(why, SEEK_TABLE_WHY, "out of memory for the seek table, %u KiB", place->bytes >> 10);
		return -ENOMEM;
	}
	err = read_or_say(read, ctx, bytes, place->bytes, place->offset, why);
	if (!err)
		err = seek_table_parse(place, bytes, out, why);
	free(bytes);
	return err;
}

int seek_table_load(seek_table_read *read, void *ctx, uint64_t file_bytes, struct seek_table *out,
		    char *why)
{
	uint8_t footer[SEEK_TABLE_FOOTER];
	struct seek_table_place place;
	int err;

	if (file_bytes < sizeof footer)
		return -ENOENT;
	err = read_or_say(read, ctx, footer, sizeof footer, file_bytes - sizeof footer, why);
	if (!err)
		err = seek_table_find(footer, file_bytes, &place, why);
	return err ? err : load(read, ctx, &place, out, why);
}

int seek_table_probe(seek_table_read *read, void *ctx, uint64_t file_bytes, struct seek_table *out,
		     const char **program, char *why)
{
	uint8_t begins[COMPRESSED_FILE_BYTES];
	int err;

	*program = NULL;
	if (file_bytes < sizeof begins)
		return -ENOENT;
	err = read_or_say(read, ctx, begins, sizeof begins, 0, why);
	if (!err)
		*program = compressed_file_program(begins, sizeof begins);
	if (!err && !*program)
		err = -ENOENT;
	return err ? err : seek_table_load(read, ctx, file_bytes, out, why);
}

int seek_table_read_file(void *ctx, void *buf, uint32_t count, uint64_t offset)
{
	const int *fd = ctx;
	ssize_t got = file_read(*fd, buf, count, offset);

	return got < 0 ? (int)got : (size_t)got < count ? -EIO : 0;
}
