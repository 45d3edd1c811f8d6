/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "engine/format/seek-table.h"
#include "pack/seekable-writer.h"

#define BLOCK 4096

static uint8_t bytes[3 * BLOCK];
static int fd;

/* The seek table of the file, which must be whole. */
static size_t read_table(struct seek_table *t)
{
	off_t size = lseek(fd, 0, SEEK_END);
	struct seek_table_place place;
	char why[SEEK_TABLE_WHY];

	CHECK(size > 0 && (size_t)size <= sizeof bytes);
	CHECK_EQ(pread(fd, bytes, (size_t)size, 0), size);
	CHECK_EQ(seek_table_find(bytes + size - SEEK_TABLE_FOOTER, (uint64_t)size, &place, why), 0);
	CHECK_EQ(seek_table_parse(&place, bytes + place.offset, t, why), 0);
	return (size_t)size;
}

static void write_frame(struct seekable_writer *w, size_t size)
{
	static uint8_t frame[BLOCK + 16];

	CHECK(!ftruncate(fd, 0) && !lseek(fd, 0, SEEK_SET));
	memset(frame, 0xaa, sizeof frame);
	CHECK_EQ(seekable_writer_add(w, frame, size, 5, 0x12345678), 0);
}

/* The size is a multiple of 4096, whatever is before the seek table. */
static void pads_any_size(bool is_plain)
{
	size_t size, frames, whole = 0;
	struct seek_frame f;
	struct seek_table t;

	for (size = 8; size < 8 + BLOCK; size++) {
		struct seekable_writer w = { .fd = fd, .is_plain = is_plain };

		write_frame(&w, size);
		CHECK_EQ(seekable_writer_finish(&w), 0);
		seekable_writer_free(&w);
		CHECK_EQ(read_table(&t) % BLOCK, 0);
		CHECK_EQ(t.has_checksums, !is_plain);
		CHECK_EQ(t.size_bytes, 5);
		frames = t.frames;
		CHECK(frames == 1 || frames == 2);
		whole += frames == 1;
		seek_table_frame_at(&t, 0, &f);
		CHECK_EQ(f.compressed_bytes, size);
		CHECK_EQ(f.checksum, is_plain ? 0 : 0x12345678);
		if (frames == 2) {
			CHECK(seek_table_next(&t, &f));
			/* A skippable frame that names its size. */
			CHECK(f.compressed_bytes >= 8);
			CHECK(!memcmp(bytes + size, "\x50\x2a\x4d\x18", 4));
			CHECK_EQ(bytes[size + 4] | bytes[size + 5] << 8, f.compressed_bytes - 8);
		}
		seek_table_free(&t);
	}
	CHECK_EQ(whole, 1);
}

static void resumes(void)
{
	struct seekable_writer w = { .fd = fd };
	struct seek_table t, again;

	write_frame(&w, 1000);
	CHECK_EQ(seekable_writer_finish(&w), 0);
	seekable_writer_free(&w);
	read_table(&t);
	w = (struct seekable_writer){ .fd = fd };
	CHECK_EQ(seekable_writer_resume(&w, &t), 0);
	CHECK(!ftruncate(fd, (off_t)t.frames_bytes));
	CHECK_EQ(lseek(fd, 0, SEEK_END), (off_t)t.frames_bytes);
	CHECK_EQ(seekable_writer_add(&w, bytes, 100, 7, 1), 0);
	CHECK_EQ(seekable_writer_finish(&w), 0);
	seekable_writer_free(&w);
	CHECK_EQ(read_table(&again) % BLOCK, 0);
	CHECK_EQ(again.size_bytes, 12);
	seek_table_free(&t);
	seek_table_free(&again);
}

static void has_a_limit(void)
{
	struct seekable_writer w = { .fd = fd };
	uint32_t most = (SEEK_TABLE_MAX_BYTES - SEEK_TABLE_HEADER - SEEK_TABLE_FOOTER) / 12;

	w.entries = malloc((size_t)most * 12);
	w.count = w.space = most - 1;
	write_frame(&w, 8);
	CHECK_EQ(seekable_writer_add(&w, bytes, 8, 1, 0), -E2BIG);
	seekable_writer_free(&w);
}

int main(void)
{
	fd = memfd_create("seekable", MFD_CLOEXEC);
	CHECK(fd >= 0);
	pads_any_size(false);
	pads_any_size(true);
	resumes();
	has_a_limit();
	return 0;
}
