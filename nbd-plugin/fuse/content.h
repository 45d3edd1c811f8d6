/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What the file "image" of a FUSE mount is read from: an export of the engine, or a local
 * file.  One thread, the one that runs the FUSE session, calls all of these.
 */
#ifndef FARROOT_CONTENT_H
#define FARROOT_CONTENT_H

#include <stdint.h>

#include "engine/export/export.h"
#include "engine/format/partition-table.h"

struct frame_reader;
struct local_file;

/* Exactly one of export and file; the caller owns all. */
struct content {
	struct export *export;		/* open */
	struct local_file *file;
	struct frame_reader *frames;	/* of file, if it is a seekable file; or NULL */
	struct partition window;	/* of file or frames */
};

/* A read that does not block. */
struct content_read;

/* Looks whether content->file is a seekable file, unless decompress=no, and for the partition of
 * partition=.  Returns 0, or -errno with a message in why (why_size bytes).
 */
int content_open_file(struct content *content, const struct options *options, const struct log *log,
		      char *why, size_t why_size);
/* Frees content->frames. */
void content_close_file(struct content *content);

uint64_t content_size(const struct content *content);

/* Reads count > 0 bytes at offset, within the size.  Never waits for an origin or for another
 * thread: returns -EAGAIN if it had to, then call content_start.  Returns 0; -EIO, after logging
 * the reason (a local file that is damaged); -errno.  May block for a disk.
 */
int content_read(const struct content *content, void *buf, uint32_t count, uint64_t offset);

/* As export_pread_start and export_read_cancel. */
int content_start(const struct content *content, void *buf, uint32_t count, uint64_t offset,
		  void (*done)(void *ctx, int result), void *ctx, struct content_read **out);
void content_cancel(const struct content *content, struct content_read *read);

#endif
