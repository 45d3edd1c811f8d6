/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/format/little-endian.h"
#include "engine/format/seek-table.h"

/* A point for each of this number of frames: fewer bytes than an offset for each frame, and a
 * short search.
 */
#define STEP 32U
/* No frame is smaller: the magic number and the size of a skippable frame. */
#define FRAME_MIN 8U

struct seek_point {
	uint64_t compressed_offset, offset;
};

static uint32_t entry_bytes(bool has_checksums)
{
	return has_checksums ? 12 : 8;
}

int seek_table_find(const uint8_t footer[SEEK_TABLE_FOOTER], uint64_t file_bytes,
		    struct seek_table_place *out, char *why)
{
	uint8_t descriptor = footer[4];
	uint64_t bytes;

	if (file_bytes < SEEK_TABLE_FOOTER || little_endian32(footer + 5) != SEEK_TABLE_MAGIC)
		return -ENOENT;
	if (descriptor & SEEK_TABLE_RESERVED) {
		snprintf(why, SEEK_TABLE_WHY, "the seek table is of a newer version of the format: its reserved bits are 0x%02x",
			 descriptor & SEEK_TABLE_RESERVED);
		return -EINVAL;
	}
	out->frames = little_endian32(footer);
	out->has_checksums = descriptor & SEEK_TABLE_HAS_CHECKSUMS;
	bytes = SEEK_TABLE_HEADER + (uint64_t)out->frames * entry_bytes(out->has_checksums) +
		SEEK_TABLE_FOOTER;
	if (!out->frames) {
		snprintf(why, SEEK_TABLE_WHY, "the seek table has no frames: there is nothing in the file");
		return -EINVAL;
	}
	if (bytes > file_bytes) {
		snprintf(why, SEEK_TABLE_WHY, "the seek table names %" PRIu32 " frames, but the file is too small for such a table",
			 out->frames);
		return -EINVAL;
	}
	if (bytes > SEEK_TABLE_MAX_BYTES) {
		snprintf(why, SEEK_TABLE_WHY, "the seek table has %" PRIu32 " frames, more than %u MiB of entries: make the frames larger",
			 out->frames, SEEK_TABLE_MAX_BYTES >> 20);
		return -EINVAL;
	}
	out->bytes = (uint32_t)bytes;
	out->offset = file_bytes - bytes;
	return 0;
}

static const uint8_t *entry(const struct seek_table *t, uint32_t index)
{
	return t->entries + (size_t)index * entry_bytes(t->has_checksums);
}

/* Sets all but the offsets. */
static void read_entry(const struct seek_table *t, uint32_t index, struct seek_frame *out)
{
	const uint8_t *e = entry(t, index);

	out->index = index;
	out->compressed_bytes = little_endian32(e);
	out->bytes = little_endian32(e + 4);
	out->checksum = t->has_checksums ? little_endian32(e + 8) : 0;
}

static int check_frame(const struct seek_frame *f, uint64_t left, char *why)
{
	if (f->compressed_bytes < FRAME_MIN) {
		snprintf(why, SEEK_TABLE_WHY, "frame %" PRIu32 " of the seek table has %" PRIu32 " bytes, fewer than any frame",
			 f->index, f->compressed_bytes);
		return -EINVAL;
	}
	if (f->compressed_bytes > left) {
		snprintf(why, SEEK_TABLE_WHY, "the seek table is damaged: frame %" PRIu32 " would end behind the beginning of the table",
			 f->index);
		return -EINVAL;
	}
	if (f->bytes > SEEK_TABLE_FRAME_MAX) {
		snprintf(why, SEEK_TABLE_WHY, "frame %" PRIu32 " has %" PRIu32 " uncompressed bytes; at most %u MiB can be used: make the frames smaller",
			 f->index, f->bytes, SEEK_TABLE_FRAME_MAX >> 20);
		return -EINVAL;
	}
	if (f->bytes && f->compressed_bytes > SEEK_TABLE_FRAME_GROWTH &&
	    f->compressed_bytes - SEEK_TABLE_FRAME_GROWTH > f->bytes) {
		snprintf(why, SEEK_TABLE_WHY, "the seek table is damaged: frame %" PRIu32 " has %" PRIu32 " bytes for %" PRIu32 " uncompressed bytes",
			 f->index, f->compressed_bytes, f->bytes);
		return -EINVAL;
	}
	return 0;
}

/* Checks the entries, and makes the sums and the points. */
static int add_up(struct seek_table *t, uint64_t available, char *why)
{
	struct seek_frame f = { 0 };
	uint32_t i;
	int err;

	for (i = 0; i < t->frames; i++) {
		read_entry(t, i, &f);
		err = check_frame(&f, available - t->frames_bytes, why);
		if (err)
			return err;
		if (i % STEP == 0)
			t->points[i / STEP] = (struct seek_point){ t->frames_bytes, t->size_bytes };
		/* No overflow: at most available, and 2^32 frames of 2^24 bytes. */
		t->frames_bytes += f.compressed_bytes;
		t->size_bytes += f.bytes;
		if (f.bytes > t->largest_frame)
			t->largest_frame = f.bytes;
	}
	if (t->frames_bytes != available) {
		snprintf(why, SEEK_TABLE_WHY, "the seek table is of another file: its frames have %" PRIu64 " bytes, but %" PRIu64 " bytes are before it",
			 t->frames_bytes, available);
		return -EINVAL;
	}
	if (!t->size_bytes) {
		snprintf(why, SEEK_TABLE_WHY, "all frames of the seek table are empty");
		return -EINVAL;
	}
	return 0;
}

/* Checks the header, and that the footer is the one that place is from. */
static int check_ends(const struct seek_table_place *place, const uint8_t *bytes, char *why)
{
	struct seek_table_place again;

	if (little_endian32(bytes) != SEEK_TABLE_FRAME_MAGIC ||
	    little_endian32(bytes + 4) != place->bytes - SEEK_TABLE_HEADER) {
		snprintf(why, SEEK_TABLE_WHY, "the seek table is damaged: it does not begin %" PRIu32 " bytes before its end",
			 place->bytes);
		return -EINVAL;
	}
	if (seek_table_find(bytes + place->bytes - SEEK_TABLE_FOOTER, place->offset + place->bytes,
			    &again, why) || again.frames != place->frames) {
		snprintf(why, SEEK_TABLE_WHY, "the seek table has changed while it was read");
		return -EINVAL;
	}
	return 0;
}

int seek_table_parse(const struct seek_table_place *place, const uint8_t *bytes,
		     struct seek_table *out, char *why)
{
	size_t size = (size_t)place->frames * entry_bytes(place->has_checksums);
	int err = check_ends(place, bytes, why);

	if (err)
		return err;
	*out = (struct seek_table){ .frames = place->frames, .has_checksums = place->has_checksums };
	out->entries = malloc(size);
	out->points = malloc((place->frames / STEP + 1) * sizeof *out->points);
	if (!out->entries || !out->points) {
		snprintf(why, SEEK_TABLE_WHY, "out of memory for the seek table, %zu KiB", size >> 10);
		err = -ENOMEM;
	} else {
		memcpy(out->entries, bytes + SEEK_TABLE_HEADER, size);
		err = add_up(out, place->offset, why);
	}
	if (err)
		seek_table_free(out);
	return err;
}

void seek_table_free(struct seek_table *t)
{
	free(t->entries);
	free(t->points);
	*t = (struct seek_table){ 0 };
}

/* The last point at or before offset.  Frames without bytes share their offset with the next
 * frame: of points with the same offset it is the last one.
 */
static uint32_t point_at(const struct seek_table *t, uint64_t offset)
{
	uint32_t low = 0, high = (t->frames - 1) / STEP + 1, middle;

	/* points[low] <= offset < points[high] */
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (t->points[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool seek_table_next(const struct seek_table *t, struct seek_frame *f)
{
	if (f->index + 1 >= t->frames)
		return false;
	f->compressed_offset += f->compressed_bytes;
	f->offset += f->bytes;
	read_entry(t, f->index + 1, f);
	return true;
}

void seek_table_frame_at(const struct seek_table *t, uint64_t offset, struct seek_frame *out)
{
	uint32_t point = point_at(t, offset);

	out->compressed_offset = t->points[point].compressed_offset;
	out->offset = t->points[point].offset;
	read_entry(t, point * STEP, out);
	while (offset - out->offset >= out->bytes && seek_table_next(t, out))
		;
}

bool seek_table_next_data(const struct seek_table *t, struct seek_frame *f)
{
	uint64_t end = f->offset + f->bytes;

	if (end >= t->size_bytes)
		return false;
	seek_table_next(t, f);
	if (!f->bytes)
		seek_table_frame_at(t, end, f);
	return true;
}
