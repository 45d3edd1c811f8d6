/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/export/frame-reader.h"
#include "engine/format/compressed-file.h"
#include "engine/format/seek-table-load.h"
#include "fuse/content.h"
#include "fuse/local-file.h"

/* A frame_source: the thread of the session reads the file, as it does of other local files. */
static int start(void *ctx, void *buf, uint32_t count, uint64_t offset,
		 void (*done)(void *done_ctx, int result), void *done_ctx, void **read)
{
	*read = NULL;
	done(done_ctx, local_file_read(ctx, buf, count, offset));
	return 0;
}

/* No read is pending when start has returned. */
static void cancel(void *ctx, void *read)
{
	(void)ctx;
	(void)read;
}

static int read_table(void *ctx, void *buf, uint32_t count, uint64_t offset)
{
	return local_file_read(ctx, buf, count, offset);
}

/* Returns 0, also if the file is not compressed, or -errno with a message in why. */
static int open_frames(struct content *c, const struct log *log, char *why, size_t why_size)
{
	struct frame_source source = { .ctx = c->file, .start = start, .cancel = cancel };
	char text[SEEK_TABLE_WHY] = "out of memory";
	struct seek_table table;
	const char *program;
	int err = seek_table_probe(read_table, c->file, local_file_data_size(c->file), &table, &program, text);

	if (err == -ENOENT) {
		if (!program)
			return 0;
		snprintf(why, why_size, COMPRESSED_FILE_ADVICE, program, program);
		return err;
	}
	if (!err)
		err = frame_reader_new(&table, &source, log, &c->frames);
	if (err)
		snprintf(why, why_size, "compressed image: %s", text);
	return err;
}

/* Reads by the thread that opens; workers decompress meanwhile. */
static int read_whole(void *ctx, void *buf, uint32_t count, uint64_t offset)
{
	const struct content *c = ctx;

	return c->frames ? frame_reader_pread(c->frames, buf, count, offset, NULL) :
			   local_file_read(c->file, buf, count, offset);
}

int content_open_file(struct content *c, const struct options *options, const struct log *log,
		      char *why, size_t why_size)
{
	char text[PARTITION_WHY] = "";
	int err = options->decompress ? open_frames(c, log, why, why_size) : 0;

	if (err)
		return err;
	c->window = (struct partition){ .bytes = c->frames ? frame_reader_size(c->frames) : local_file_size(c->file) };
	if (!options->partition)
		return 0;
	err = partition_find(read_whole, c, c->window.bytes, options->partition, &c->window, text);
	if (err)
		snprintf(why, why_size, "partition=%u: %s", options->partition, *text ? text : strerror(-err));
	return err;
}

void content_close_file(struct content *c)
{
	frame_reader_free(c->frames);
	c->frames = NULL;
}

uint64_t content_size(const struct content *c)
{
	return c->export ? export_size(c->export) : c->window.bytes;
}

int content_read(const struct content *c, void *buf, uint32_t count, uint64_t offset)
{
	if (c->export)
		return export_pread_present(c->export, buf, count, offset);
	offset += c->window.offset;
	return c->frames ? frame_reader_present(c->frames, buf, count, offset) :
			   local_file_read(c->file, buf, count, offset);
}

int content_start(const struct content *c, void *buf, uint32_t count, uint64_t offset,
		  void (*done)(void *ctx, int result), void *ctx, struct content_read **out)
{
	return c->export ? export_pread_start(c->export, buf, count, offset, done, ctx, (struct export_read **)out) :
			   frame_reader_start(c->frames, buf, count, c->window.offset + offset, done, ctx,
					      (struct frame_read **)out);
}

void content_cancel(const struct content *c, struct content_read *read)
{
	if (c->export)
		export_read_cancel(c->export, (struct export_read *)read);
	else
		frame_read_cancel(c->frames, (struct frame_read *)read);
}
