/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Parses any bytes as the end of a seekable file, with as many bytes before it as the first
 * four bytes say.  The frames of an accepted table follow each other without a gap, are within
 * the limits, and are found by each of their bytes.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "engine/format/seek-table.h"

static void check_found(const struct seek_table *t, uint64_t offset, const struct seek_frame *wanted)
{
	struct seek_frame found;

	seek_table_frame_at(t, offset, &found);
	REQUIRE(found.index == wanted->index && found.offset == wanted->offset);
	REQUIRE(found.compressed_offset == wanted->compressed_offset);
	REQUIRE(found.bytes == wanted->bytes && found.compressed_bytes == wanted->compressed_bytes);
}

static void check_frames(const struct seek_table *t)
{
	uint64_t offset = 0, compressed = 0;
	struct seek_frame f;
	uint32_t n = 0, largest = 0;

	seek_table_frame_at(t, 0, &f);
	/* Only empty frames are before the first byte. */
	compressed = f.compressed_offset;
	n = f.index;
	do {
		REQUIRE(f.index == n && f.offset == offset && f.compressed_offset == compressed);
		REQUIRE(f.bytes <= SEEK_TABLE_FRAME_MAX);
		if (f.bytes) {
			REQUIRE(f.compressed_bytes <= SEEK_TABLE_FRAME_MAX + SEEK_TABLE_FRAME_GROWTH);
			check_found(t, f.offset, &f);
			check_found(t, f.offset + f.bytes - 1, &f);
			check_found(t, f.offset + f.bytes / 2, &f);
		}
		if (f.bytes > largest)
			largest = f.bytes;
		offset += f.bytes;
		compressed += f.compressed_bytes;
		n++;
	} while (seek_table_next(t, &f));
	REQUIRE(n == t->frames && offset == t->size_bytes && compressed == t->frames_bytes);
	REQUIRE(largest == t->largest_frame && offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char why[SEEK_TABLE_WHY] = "";
	struct seek_table_place place;
	struct seek_table t;
	uint32_t before;
	int err;

	if (size < sizeof before + SEEK_TABLE_FOOTER)
		return 0;
	memcpy(&before, bytes, sizeof before);
	bytes += sizeof before;
	size -= sizeof before;
	err = seek_table_find(bytes + size - SEEK_TABLE_FOOTER, before + (uint64_t)size, &place, why);
	if (err) {
		REQUIRE(err == -ENOENT || (err == -EINVAL && *why));
		return 0;
	}
	REQUIRE(place.bytes <= SEEK_TABLE_MAX_BYTES && place.offset + place.bytes == before + (uint64_t)size);
	if (place.bytes > size)
		return 0;
	err = seek_table_parse(&place, bytes + size - place.bytes, &t, why);
	if (err) {
		REQUIRE(*why);
		return 0;
	}
	check_frames(&t);
	seek_table_free(&t);
	return 0;
}
