/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "engine/export/export.h"
#include "engine/export/frame-reader.h"
#include "engine/format/compressed-file.h"
#include "engine/format/partition-table.h"
#include "engine/format/seek-table-load.h"
#include "engine/format/squashfs-superblock.h"

enum export_kind { EXPORT_UNKNOWN, EXPORT_PLAIN, EXPORT_SEEKABLE, EXPORT_BAD };

struct export {
	struct image *image;
	const struct options *options;
	const struct log *log;
	pthread_mutex_t lock;		/* for writing what follows */
	_Atomic enum export_kind kind;
	struct frame_reader *frames;	/* if EXPORT_SEEKABLE; does not change then */
	struct partition window;	/* what clients see; does not change once is_open */
	_Atomic bool is_open, has_no_window, is_squashfs;
};

int export_new(struct image *image, const struct options *options, const struct log *log,
	       struct export **out)
{
	struct export *e = calloc(1, sizeof *e);

	if (!e)
		return -ENOMEM;
	e->image = image;
	e->options = options;
	e->log = log;
	pthread_mutex_init(&e->lock, NULL);
	*out = e;
	return 0;
}

void export_free(struct export *e)
{
	if (!e)
		return;
	frame_reader_free(e->frames);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

static int start(void *ctx, void *buf, uint32_t count, uint64_t offset,
		 void (*done)(void *done_ctx, int result), void *done_ctx, void **read)
{
	return image_pread_start(ctx, buf, count, offset, done, done_ctx, (struct image_read **)read);
}

static void cancel_read(void *ctx, void *read)
{
	image_read_cancel(ctx, read);
}

/* What was found out, by the first of several threads.  Takes over frames. */
static void publish(struct export *e, enum export_kind kind, struct frame_reader *frames)
{
	pthread_mutex_lock(&e->lock);
	if (e->kind == EXPORT_UNKNOWN) {
		e->frames = frames;
		frames = NULL;
		e->kind = kind;
	}
	pthread_mutex_unlock(&e->lock);
	frame_reader_free(frames);
}

static bool is_seekable(const struct export *e)
{
	return e->kind == EXPORT_SEEKABLE;
}

/* The size of the image, or of what is compressed in it. */
static uint64_t whole_size(const struct export *e)
{
	return is_seekable(e) ? frame_reader_size(e->frames) : image_size(e->image);
}

static int read_whole(struct export *e, void *buf, uint32_t count, uint64_t offset,
		      const struct cancel *cancel)
{
	return is_seekable(e) ? frame_reader_pread(e->frames, buf, count, offset, cancel) :
				image_pread(e->image, buf, count, offset, cancel);
}

struct opening {
	struct export *export;
	const struct cancel *cancel;
};

/* The seek table is in the image, whatever another thread has published meanwhile. */
static int read_seek_table(void *ctx, void *buf, uint32_t count, uint64_t offset)
{
	const struct opening *o = ctx;

	return image_pread(o->export->image, buf, count, offset, o->cancel);
}

static int read_partition_table(void *ctx, void *buf, uint32_t count, uint64_t offset)
{
	const struct opening *o = ctx;

	return read_whole(o->export, buf, count, offset, o->cancel);
}

/* Without a root hash it is not known whether the image has a hash tree. */
static int load_table(struct export *e, const struct cancel *cancel, struct seek_table *out, char *why)
{
	struct opening o = { e, cancel };
	int err = -ENOENT;

	if (e->options->verify_none)
		err = seek_table_load(read_seek_table, &o, image_size(e->image), out, why);
	return err == -ENOENT ? seek_table_load(read_seek_table, &o, image_data_size(e->image), out, why) : err;
}

static int open_frames(struct export *e, struct seek_table *table)
{
	struct frame_source source = { .ctx = e->image, .start = start, .cancel = cancel_read };
	uint64_t size = table->size_bytes;
	uint32_t count = table->frames;
	struct frame_reader *frames;
	int err = frame_reader_new(table, &source, e->log, &frames);

	if (err)
		return err;
	publish(e, EXPORT_SEEKABLE, frames);
	image_set_seekable(e->image, size, count);
	log_say(e->log, LOG_NOTE, "compressed image: %" PRIu64 " bytes in %" PRIu32 " frames", size, count);
	return 0;
}

static void say_whole(const struct export *e, const char *program)
{
	log_say(e->log, LOG_WARN, COMPRESSED_FILE_ADVICE, program, program);
}

/* Returns 0, once the kind is known, or -errno. */
static int find_kind(struct export *e, const struct cancel *cancel)
{
	uint64_t size = image_size(e->image);
	uint8_t begins[COMPRESSED_FILE_BYTES];
	uint32_t count = size < sizeof begins ? (uint32_t)size : sizeof begins;
	char why[SEEK_TABLE_WHY];
	struct seek_table table;
	const char *program;
	int err = count ? image_peek(e->image, begins, count, 0, cancel) : 0;

	if (err)
		return err;
	e->is_squashfs = squashfs_superblock_begins(begins, count);
	program = compressed_file_program(begins, count);
	err = program ? load_table(e, cancel, &table, why) : -ENOENT;
	if (!err)
		return open_frames(e, &table);
	if (err == -ENOENT && !program) {
		publish(e, EXPORT_PLAIN, NULL);
		return 0;
	}
	if (err == -ENOENT) {
		publish(e, EXPORT_BAD, NULL);
		say_whole(e, program);
		return -EBADMSG;
	}
	if (err == -EINVAL) {
		publish(e, EXPORT_BAD, NULL);
		log_say(e->log, LOG_WARN, "compressed image: %s; decompress=no exports the compressed bytes", why);
		err = -EBADMSG;
	}
	return err;
}

static void publish_window(struct export *e, const struct partition *window)
{
	pthread_mutex_lock(&e->lock);
	if (!e->is_open) {
		e->window = *window;
		e->is_open = true;
	}
	pthread_mutex_unlock(&e->lock);
}

/* Returns 0, once the window is known, or -errno. */
static int find_window(struct export *e, const struct cancel *cancel)
{
	struct partition window = { .bytes = whole_size(e) };
	unsigned number = e->options->partition;
	struct opening o = { e, cancel };
	char why[PARTITION_WHY];
	int err = number ? partition_find(read_partition_table, &o, window.bytes, number, &window, why) : 0;

	if (err == -EINVAL) {
		e->has_no_window = true;
		log_say(e->log, LOG_WARN, "partition=%u: %s", number, why);
		return -EBADMSG;
	}
	if (err)
		return err;
	publish_window(e, &window);
	if (!number)
		return 0;
	image_set_partition(e->image, number, window.offset, window.bytes);
	log_say(e->log, LOG_NOTE, "partition %u: %" PRIu64 " bytes at offset %" PRIu64, number, window.bytes, window.offset);
	return 0;
}

int export_wait_open(struct export *e, const struct cancel *cancel)
{
	int err = image_wait_open(e->image, cancel);

	if (!err && e->kind == EXPORT_UNKNOWN) {
		if (e->options->decompress)
			err = find_kind(e, cancel);
		else
			publish(e, EXPORT_PLAIN, NULL);
	}
	if (!err && (e->kind == EXPORT_BAD || e->has_no_window))
		err = -EBADMSG;
	return !err && !e->is_open ? find_window(e, cancel) : err;
}

uint64_t export_size(const struct export *e)
{
	return e->window.bytes;
}

uint32_t export_block_bytes(const struct export *e)
{
	return e->is_squashfs && !e->options->partition ? 4096 : 512;
}

/* Whether clients see these bytes. */
static bool is_within(const struct export *e, uint64_t count, uint64_t offset)
{
	return count <= e->window.bytes && offset <= e->window.bytes - count;
}

int export_pread(struct export *e, void *buf, uint32_t count, uint64_t offset,
		 const struct cancel *cancel)
{
	if (!is_within(e, count, offset))
		return -EINVAL;
	return count ? read_whole(e, buf, count, e->window.offset + offset, cancel) : 0;
}

int export_pread_present(struct export *e, void *buf, uint32_t count, uint64_t offset)
{
	if (!is_within(e, count, offset))
		return -EINVAL;
	offset += e->window.offset;
	if (!is_seekable(e))
		return image_pread_present(e->image, buf, count, offset);
	return count ? frame_reader_present(e->frames, buf, count, offset) : 0;
}

int export_pread_start(struct export *e, void *buf, uint32_t count, uint64_t offset,
		       void (*done)(void *ctx, int result), void *ctx, struct export_read **out)
{
	if (!is_within(e, count, offset))
		return -EINVAL;
	offset += e->window.offset;
	if (!is_seekable(e))
		return image_pread_start(e->image, buf, count, offset, done, ctx, (struct image_read **)out);
	return count ? frame_reader_start(e->frames, buf, count, offset, done, ctx, (struct frame_read **)out) : -EINVAL;
}

void export_read_cancel(struct export *e, struct export_read *read)
{
	if (is_seekable(e))
		frame_read_cancel(e->frames, (struct frame_read *)read);
	else
		image_read_cancel(e->image, (struct image_read *)read);
}

int export_prefetch(struct export *e, uint64_t count, uint64_t offset)
{
	if (!is_within(e, count, offset))
		return -EINVAL;
	offset += e->window.offset;
	if (is_seekable(e) && count)
		frame_reader_compressed(e->frames, count, offset, &count, &offset);
	return image_prefetch(e->image, count, offset);
}
