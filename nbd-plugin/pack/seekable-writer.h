/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Writes a Zstandard seekable file whose size is a multiple of 4096 bytes: frames, a skippable
 * frame as padding, the seek table.  seek-table.h has the format.  One thread; functions block
 * for the disk.
 */
#ifndef FARROOT_SEEKABLE_WRITER_H
#define FARROOT_SEEKABLE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seek_table;

struct seekable_writer {
	int fd;
	bool is_plain;		/* the entries have no checksums */
	uint64_t bytes;		/* of all frames */
	uint8_t *entries;
	size_t count, space;
};

/* From all zero and fd: appends a frame and its entry.  Returns 0, -errno, or -E2BIG:
 * the seek table is full, so give a larger frame size.
 */
int seekable_writer_add(struct seekable_writer *w, const uint8_t *compressed, size_t compressed_bytes,
			uint32_t bytes, uint32_t checksum);
/* From all zero and fd: takes over the entries of a file that was written before, whose frames
 * are in fd.  Returns 0 or -ENOMEM.
 */
int seekable_writer_resume(struct seekable_writer *w, const struct seek_table *table);
/* Appends the padding and the seek table.  Returns as seekable_writer_add. */
int seekable_writer_finish(struct seekable_writer *w);
void seekable_writer_free(struct seekable_writer *w);

#endif
