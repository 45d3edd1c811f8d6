/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>

#include "check.h"
#include "engine/format/seek-table.h"

#define MOST 1000

static uint8_t bytes[SEEK_TABLE_HEADER + 12 * MOST + SEEK_TABLE_FOOTER];
static size_t size;
static uint32_t frames;
static uint64_t before;		/* bytes of all frames */
static char why[SEEK_TABLE_WHY];
static struct seek_table_place place;
static struct seek_table t;

static void put(size_t at, uint64_t value, size_t count)
{
	for (; count; count--, value >>= 8)
		bytes[at++] = (uint8_t)value;
}

static void add_entry(uint32_t compressed, uint32_t uncompressed, bool has_checksum)
{
	put(size, compressed, 4);
	put(size + 4, uncompressed, 4);
	put(size + 8, 0xc0000000U + frames, 4);
	size += has_checksum ? 12 : 8;
	frames++;
	before += compressed;
}

static void begin(void)
{
	size = SEEK_TABLE_HEADER;
	frames = 0;
	before = 0;
}

static void end(uint8_t descriptor)
{
	put(size, frames, 4);
	bytes[size + 4] = descriptor;
	put(size + 5, SEEK_TABLE_MAGIC, 4);
	size += SEEK_TABLE_FOOTER;
	put(0, SEEK_TABLE_FRAME_MAGIC, 4);
	put(4, size - SEEK_TABLE_HEADER, 4);
}

/* Three frames, between an empty one and a skippable one. */
static void make(bool has_checksums)
{
	begin();
	add_entry(13, 0, has_checksums);
	add_entry(1000, 65536, has_checksums);
	add_entry(70000, 65536, has_checksums);
	add_entry(500, 100, has_checksums);
	add_entry(3000, 0, has_checksums);
	end(has_checksums ? 0x83 : 0x02);	/* the two low bits have no meaning yet */
}

static int find(void)
{
	*why = '\0';
	return seek_table_find(bytes + size - SEEK_TABLE_FOOTER, before + size, &place, why);
}

static int parse(void)
{
	int err = find();

	return err ? err : seek_table_parse(&place, bytes, &t, why);
}

static void check_at(uint64_t offset, uint32_t index, uint64_t begins, uint64_t compressed)
{
	struct seek_frame f;

	seek_table_frame_at(&t, offset, &f);
	CHECK_EQ(f.index, index);
	CHECK_EQ(f.offset, begins);
	CHECK_EQ(f.compressed_offset, compressed);
	CHECK_EQ(f.checksum, t.has_checksums ? 0xc0000000U + index : 0);
}

static void finds_frames(bool has_checksums)
{
	struct seek_frame f;

	make(has_checksums);
	CHECK_EQ(parse(), 0);
	CHECK_EQ(place.offset, before);
	CHECK_EQ(t.frames, 5);
	CHECK_EQ(t.has_checksums, has_checksums);
	CHECK_EQ(t.size_bytes, 2 * 65536 + 100);
	CHECK_EQ(t.frames_bytes, before);
	CHECK_EQ(t.largest_frame, 65536);
	check_at(0, 1, 0, 13);
	check_at(65535, 1, 0, 13);
	check_at(65536, 2, 65536, 1013);
	check_at(131072, 3, 131072, 71013);
	check_at(131171, 3, 131072, 71013);
	seek_table_frame_at(&t, 131171, &f);
	CHECK_EQ(f.bytes, 100);
	CHECK_EQ(f.compressed_bytes, 500);
	CHECK(seek_table_next(&t, &f));
	CHECK_EQ(f.index, 4);
	CHECK_EQ(f.bytes, 0);
	CHECK_EQ(f.offset, t.size_bytes);
	CHECK(!seek_table_next(&t, &f));
	seek_table_free(&t);
}

/* Each third frame is empty, and so are 100 in a row. */
static void finds_frames_between_empty_ones(void)
{
	uint64_t offsets[MOST], compressed[MOST], offset = 0;
	uint32_t i, bytes_of[MOST];
	struct seek_frame f;

	begin();
	for (i = 0; i < MOST; i++) {
		offsets[i] = offset;
		compressed[i] = before;
		bytes_of[i] = i % 3 && (i < 300 || i >= 400) ? 1 + i % 7 : 0;
		add_entry(20 + i, bytes_of[i], true);
		offset += bytes_of[i];
	}
	end(0x80);
	CHECK_EQ(parse(), 0);
	CHECK_EQ(t.size_bytes, offset);
	for (i = 0; i < MOST; i++) {
		if (!bytes_of[i])
			continue;
		check_at(offsets[i], i, offsets[i], compressed[i]);
		check_at(offsets[i] + bytes_of[i] - 1, i, offsets[i], compressed[i]);
	}
	/* From one that has bytes to the next. */
	seek_table_frame_at(&t, 0, &f);
	for (i = 0; i < MOST; i++) {
		if (!bytes_of[i])
			continue;
		CHECK_EQ(f.index, i);
		CHECK_EQ(f.offset, offsets[i]);
		CHECK_EQ(f.compressed_offset, compressed[i]);
		CHECK_EQ(seek_table_next_data(&t, &f), offsets[i] + bytes_of[i] < offset);
	}
	seek_table_free(&t);
}

static void refuses(const char *what)
{
	CHECK_EQ(parse(), -EINVAL);
	CHECK_SAYS(why, what);
}

static void tells_other_files(void)
{
	make(true);
	bytes[size - 1] ^= 1;
	CHECK_EQ(find(), -ENOENT);
	make(true);
	CHECK_EQ(seek_table_find(bytes + size - SEEK_TABLE_FOOTER, 8, &place, why), -ENOENT);
}

static void refuses_footers(void)
{
	make(true);
	bytes[size - 5] |= 0x40;
	refuses("newer version of the format: its reserved bits are 0x40");
	make(true);
	bytes[size - 5] |= 0x04;
	refuses("reserved bits are 0x04");
	make(true);
	put(size - 9, 0, 4);
	refuses("has no frames");
	make(true);
	put(size - 9, 0xffffffff, 4);
	refuses("names 4294967295 frames, but the file is too small");
	before = 1ULL << 40;
	refuses("has 4294967295 frames, more than 64 MiB of entries");
	/* One frame more than the file has bytes for. */
	make(false);
	put(size - 9, (before + size) / 8, 4);
	refuses("the file is too small");
}

static void refuses_headers(void)
{
	make(true);
	bytes[0] ^= 1;
	refuses("the seek table is damaged: it does not begin 77 bytes before its end");
	make(true);
	bytes[4]++;
	refuses("does not begin");
	/* The number of frames does not fit to the header. */
	make(false);
	put(size - 9, 4, 4);
	CHECK_EQ(find(), 0);
	CHECK_EQ(seek_table_parse(&place, bytes + 8, &t, why), -EINVAL);
	/* Other bytes than those of the place. */
	make(true);
	CHECK_EQ(find(), 0);
	bytes[size - 1] ^= 1;
	CHECK_EQ(seek_table_parse(&place, bytes, &t, why), -EINVAL);
	CHECK_SAYS(why, "has changed");
}

static void refuses_entries(void)
{
	size_t second = SEEK_TABLE_HEADER + 12;

	make(true);
	put(second, 7, 4);
	refuses("frame 1 of the seek table has 7 bytes, fewer than any frame");
	make(true);
	put(second, 0xffffffff, 4);
	refuses("frame 1 would end behind the beginning of the table");
	make(true);
	put(second, 999, 4);
	refuses("its frames have 74512 bytes, but 74513 bytes are before it");
	make(true);
	put(second + 4, SEEK_TABLE_FRAME_MAX + 1, 4);
	refuses("frame 1 has 16777217 uncompressed bytes; at most 16 MiB can be used");
	make(true);
	put(second + 4, SEEK_TABLE_FRAME_MAX, 4);
	CHECK_EQ(parse(), 0);
	seek_table_free(&t);
	/* More bytes than zstd makes of any contents. */
	make(true);
	put(second + 12 + 4, 70000 - SEEK_TABLE_FRAME_GROWTH, 4);
	CHECK_EQ(parse(), 0);
	seek_table_free(&t);
	put(second + 12 + 4, 70000 - SEEK_TABLE_FRAME_GROWTH - 1, 4);
	refuses("frame 2 has 70000 bytes for 4463 uncompressed bytes");
	begin();
	add_entry(13, 0, true);
	end(0x80);
	refuses("all frames of the seek table are empty");
}

int main(void)
{
	finds_frames(true);
	finds_frames(false);
	finds_frames_between_empty_ones();
	tells_other_files();
	refuses_footers();
	refuses_headers();
	refuses_entries();
	return 0;
}
