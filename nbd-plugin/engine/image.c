/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "engine/fetch/fetch.h"
#include "engine/fetch/inbox.h"
#include "engine/image.h"
#include "engine/http/origins.h"

struct image {
	const struct options *options;
	struct fetch *fetch;
	struct inbox *inbox;	/* of fetch */
};

int image_new(const struct options *options, const struct log *log, struct image **out)
{
	struct image *image = calloc(1, sizeof *image);
	int err;

	if (!image)
		return -ENOMEM;
	image->options = options;
	err = fetch_new(options, log, &image->fetch);
	if (err) {
		free(image);
		return err;
	}
	image->inbox = fetch_inbox(image->fetch);
	*out = image;
	return 0;
}

int image_start(struct image *image, void (*on_failure)(void *ctx), void *ctx)
{
	return fetch_start(image->fetch, on_failure, ctx);
}

void image_free(struct image *image)
{
	if (!image)
		return;
	fetch_free(image->fetch);
	free(image);
}

int image_wait_open(struct image *image, const struct cancel *cancel)
{
	return inbox_wait_open(image->inbox, cancel);
}

uint64_t image_size(const struct image *image)
{
	const struct open_image *open = inbox_image(image->inbox);

	return open ? open->size_bytes : 0;
}

uint64_t image_data_size(const struct image *image)
{
	const struct open_image *open = inbox_image(image->inbox);

	return open ? open->data_bytes : 0;
}

void image_set_seekable(struct image *image, uint64_t uncompressed_bytes, uint32_t frames)
{
	inbox_set_seekable(image->inbox, uncompressed_bytes, frames);
}

void image_set_partition(struct image *image, unsigned number, uint64_t offset, uint64_t bytes)
{
	inbox_set_partition(image->inbox, number, offset, bytes);
}

/* Returns the bytes from at to the end of the blocks-th block, at most up to end. */
static uint32_t piece(uint64_t at, uint64_t end, uint64_t blocks)
{
	uint64_t stop = (at / STORE_BLOCK + blocks) * STORE_BLOCK;

	return (uint32_t)((stop < end ? stop : end) - at);
}

/* Makes a pending read of a range in which blocks are absent: copies the present blocks. */
static void init_missing(struct image *image, const struct open_image *open,
			 struct pending_read *read, uint8_t *buf, uint32_t count, uint64_t offset)
{
	uint64_t at = offset, end = offset + count;
	uint32_t length;

	pending_read_init(read, buf, count, offset);
	for (; at < end; at += length) {
		length = piece(at, end, 1);
		if (disk_check_read(open->check, open->store, buf + (at - offset), at, length))
			pending_read_miss(read, at / STORE_BLOCK);
		else
			inbox_count_served(image->inbox, length);
	}
}

/* Reads a range in which blocks are absent, and waits for them.  They may have come meanwhile:
 * *has_waited is set if they have not.
 */
static int read_missing(struct image *image, const struct open_image *open, uint8_t *buf,
			uint32_t count, uint64_t offset, const struct cancel *cancel, bool *has_waited)
{
	struct pending_read read;
	int result = 0;

	init_missing(image, open, &read, buf, count, offset);
	if (read.left) {
		*has_waited = true;
		result = inbox_wait(image->inbox, &read, cancel);
	}
	pending_read_destroy(&read);
	return result;
}

/* Whether any of these blocks is read for the first time. */
static bool record(const struct open_image *open, uint64_t offset, uint64_t end)
{
	uint64_t start = offset / STORE_BLOCK;

	return end > offset &&
		trace_record(open->trace, start, (end - 1) / STORE_BLOCK - start + 1);
}

static bool is_within(const struct open_image *open, uint32_t count, uint64_t offset)
{
	return open && offset + count >= offset && offset + count <= open->size_bytes;
}

/* Copies a range of the store.  is_new: it is read for the first time.  Returns 0 or -EAGAIN. */
static int read_present(struct image *image, const struct open_image *open, void *buf,
			uint32_t count, uint64_t offset, bool is_new)
{
	if (disk_check_read(open->check, open->store, buf, offset, count))
		return -EAGAIN;
	inbox_count_served(image->inbox, count);
	if (is_new)
		inbox_nudge(image->inbox);
	return 0;
}

int image_pread_present(struct image *image, void *buf, uint32_t count, uint64_t offset)
{
	const struct open_image *open = inbox_image(image->inbox);
	uint64_t began_ns = clock_ns();
	int err;

	if (!is_within(open, count, offset))
		return -EINVAL;
	err = read_present(image, open, buf, count, offset, record(open, offset, offset + count));
	if (!err)
		inbox_count_read(image->inbox, clock_ns() - began_ns, false);
	return err;
}

struct image_read {
	struct pending_read pending;	/* first */
	struct image *image;
	uint64_t began_ns;
	bool waits;
	void (*done)(void *ctx, int result);
	void *ctx;
};

static void end_read(struct pending_read *pending, int result)
{
	struct image_read *read = (struct image_read *)pending;

	if (!result)
		inbox_count_read(read->image->inbox, clock_ns() - read->began_ns, read->waits);
	read->done(read->ctx, result);
	pending_read_destroy(pending);
	free(read);
}

int image_pread_start(struct image *image, void *buf, uint32_t count, uint64_t offset,
		      void (*done)(void *ctx, int result), void *ctx, struct image_read **out)
{
	const struct open_image *open = inbox_image(image->inbox);
	struct image_read *read;

	if (!is_within(open, count, offset) || !count || count > PENDING_READ_MAX_BYTES)
		return -EINVAL;
	read = malloc(sizeof *read);
	if (!read)
		return -ENOMEM;
	read->image = image;
	read->began_ns = clock_ns();
	read->done = done;
	read->ctx = ctx;
	if (out)
		*out = read;
	record(open, offset, offset + count);
	init_missing(image, open, &read->pending, buf, count, offset);
	read->pending.on_done = end_read;
	read->waits = read->pending.left;
	if (read->waits)
		inbox_submit(image->inbox, &read->pending);
	else
		end_read(&read->pending, 0);
	return 0;
}

void image_read_cancel(struct image *image, struct image_read *read)
{
	inbox_cancel(image->inbox, &read->pending);
}

int image_pread(struct image *image, void *buf, uint32_t count, uint64_t offset,
		const struct cancel *cancel)
{
	const struct open_image *open = inbox_image(image->inbox);
	uint64_t end = offset + count, at, began_ns = clock_ns();
	bool is_new, has_waited = false;
	uint32_t length;
	int err;

	if (!is_within(open, count, offset))
		return -EINVAL;
	/* Before the data is read, so that the trace has the order of the requests. */
	is_new = record(open, offset, end);
	for (at = offset; at < end; at += length) {
		length = piece(at, end, PENDING_READ_MAX_BLOCKS - 1);
		if (!read_present(image, open, (uint8_t *)buf + (at - offset), length, at, is_new))
			continue;
		err = read_missing(image, open, (uint8_t *)buf + (at - offset), length, at, cancel,
				   &has_waited);
		if (err)
			return err;
	}
	inbox_count_read(image->inbox, clock_ns() - began_ns, has_waited);
	return 0;
}

int image_peek(struct image *image, void *buf, uint32_t count, uint64_t offset,
	       const struct cancel *cancel)
{
	const struct open_image *open = inbox_image(image->inbox);
	bool has_waited;

	if (!is_within(open, count, offset))
		return -EINVAL;
	if (!disk_check_read(open->check, open->store, buf, offset, count))
		return 0;
	return read_missing(image, open, buf, count, offset, cancel, &has_waited);
}

int image_prefetch(struct image *image, uint64_t count, uint64_t offset)
{
	uint64_t start = offset / STORE_BLOCK;

	if (offset + count < offset || offset + count > image_size(image))
		return -EINVAL;
	if (count)
		inbox_prefetch(image->inbox, start,
			       (offset + count - 1) / STORE_BLOCK - start + 1);
	return 0;
}

void image_materialize(struct image *image)
{
	inbox_want_all(image->inbox);
}

void image_status(struct image *image, struct status *out)
{
	inbox_status(image->inbox, out);
}

int image_profile(struct image *image, struct profile *out)
{
	const struct open_image *open = inbox_image(image->inbox);
	const struct options *o = image->options;
	size_t i;
	int err;

	memset(out, 0, sizeof *out);
	if (!open)
		return 0;
	err = trace_profile(open->trace, out);
	for (i = 0; o->have_roothash && i < sizeof o->roothash; i++)
		snprintf(out->roothash + 2 * i, 3, "%02x", o->roothash[i]);
	return err;
}

const char *image_http_library(void)
{
	return origins_library();
}
