/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The input is read in chunks of about 1 MiB.  A chunk of zeroes becomes one frame, so that a
 * sparse image of terabytes has a small seek table.  Other chunks become frames of the
 * size that the user wants.  Where the holes of a file are makes no difference to the result.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/format/compressed-file.h"
#include "engine/format/little-endian.h"
#include "engine/format/seek-table.h"
#include "pack/fill.h"
#include "pack/frame-compressor.h"
#include "pack/seekable-file.h"
#include "pack/seekable-writer.h"
#include "pack/stream-check.h"

#define CHUNK_LEAST (1U << 20)
/* Enough for the frame of a chunk of zeroes: blocks of 128 KiB become four bytes each. */
#define ZERO_FRAME_MAX 4096U

struct filling {
	struct pack *pack;
	int from;
	bool has_map;		/* a file, and it can tell where its holes are */
	bool checks;		/* the input was not checked before */
	uint64_t at;		/* the next byte, if has_map */
	uint64_t size;		/* the end of the file, if has_map */
	uint8_t *chunk;
	uint32_t chunk_bytes;
	uint8_t zero_frame[ZERO_FRAME_MAX];
	size_t zero_frame_bytes;
	struct stream_check check;
	struct seekable_writer writer;
	struct frame_compressor *compressor;
};

/* A frame_sink.  The checksum at the end of a frame is the one for the seek table. */
static int put_frame(void *ctx, const uint8_t *compressed, size_t compressed_bytes, uint32_t bytes)
{
	struct filling *f = ctx;
	uint32_t checksum = little_endian32(compressed + compressed_bytes - sizeof checksum);

	return seekable_writer_add(&f->writer, compressed, compressed_bytes, bytes, checksum);
}

/* Fills the chunk, less at the end of the input.  Returns the bytes or -errno. */
static ssize_t read_chunk(struct filling *f)
{
	size_t done = 0;
	ssize_t got;

	while (done < f->chunk_bytes) {
		got = f->has_map ?
		      pread(f->from, f->chunk + done, f->chunk_bytes - done, (off_t)(f->at + done)) :
		      read(f->from, f->chunk + done, f->chunk_bytes - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/* Whether the whole next chunk is in a hole. */
static bool is_hole(const struct filling *f)
{
	uint64_t end = f->at + f->chunk_bytes;
	off_t data;

	if (!f->has_map || end > f->size)
		return false;
	data = lseek(f->from, (off_t)f->at, SEEK_DATA);
	return data < 0 ? errno == ENXIO : (uint64_t)data >= end;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	return !*bytes && !memcmp(bytes, bytes + 1, size - 1);
}

static int add_zeroes(struct filling *f)
{
	int err = frame_compressor_finish(f->compressor);

	return err ? err : put_frame(f, f->zero_frame, f->zero_frame_bytes, f->chunk_bytes);
}

static int add_frames(struct filling *f, size_t size)
{
	uint32_t frame = f->pack->frame_bytes;
	size_t at;
	int err = 0;

	for (at = 0; at < size && !err; at += frame)
		err = frame_compressor_add(f->compressor, f->chunk + at,
					   size - at < frame ? (uint32_t)(size - at) : frame);
	return err;
}

/* Returns 0, also at the end of the input, when *size is 0; or an error. */
static int add_chunk(struct filling *f, size_t *size)
{
	bool hole = is_hole(f), zero;
	const char *program;
	ssize_t got = hole ? (ssize_t)f->chunk_bytes : read_chunk(f);

	if (got <= 0) {
		*size = 0;
		return (int)got;
	}
	*size = (size_t)got;
	f->at += *size;
	zero = hole || (*size == f->chunk_bytes && is_zero(f->chunk, *size));
	program = f->checks && !zero && !f->check.size ? compressed_file_program(f->chunk, *size) : NULL;
	if (program)
		return pack_refuse_compressed(f->pack, program);
	if (f->checks)
		stream_check_add(&f->check, zero ? NULL : f->chunk, *size);
	return zero ? add_zeroes(f) : add_frames(f, *size);
}

static int check_size(const struct filling *f)
{
	struct stat st;

	if (!f->has_map)
		return 0;
	if (fstat(f->from, &st))
		return -errno;
	return (uint64_t)st.st_size == f->size && f->at == f->size ? 0 : PACK_CHANGED;
}

static int compress(struct filling *f)
{
	size_t size = 1;
	int err = 0;

	while (size && !err)
		err = add_chunk(f, &size);
	if (!err)
		err = check_size(f);
	if (!err && f->checks)
		err = stream_check_end(&f->check, f->pack);
	if (!err)
		err = frame_compressor_finish(f->compressor);
	if (!err)
		err = seekable_writer_finish(&f->writer);
	return err;
}

/* Looks at what the input is.  A file from its beginning is checked now, because to compress
 * it takes minutes.
 */
static int begin(struct filling *f)
{
	off_t start = lseek(f->from, 0, SEEK_CUR);
	struct stat st;

	if (fstat(f->from, &st))
		return -errno;
	f->has_map = S_ISREG(st.st_mode) && start >= 0;
	f->checks = !f->has_map || start;
	f->at = start > 0 ? (uint64_t)start : 0;
	f->size = (uint64_t)st.st_size;
	if (f->checks)
		return 0;
	if (seekable_file_has_table(f->from, f->size)) {
		fprintf(stderr, "farroot pack: %s: this is compressed already, in parts: pack it without --zstd\n",
			f->pack->input);
		return PACK_SAID;
	}
	return pack_check_input(f->pack, f->from, f->size);
}

static int allocate(struct filling *f)
{
	struct pack *p = f->pack;

	f->chunk_bytes = p->frame_bytes;
	if (p->frame_bytes < CHUNK_LEAST)
		f->chunk_bytes *= CHUNK_LEAST / p->frame_bytes;
	f->chunk = malloc(f->chunk_bytes);
	f->zero_frame_bytes = frame_of_zeroes(p->level, f->chunk_bytes, f->zero_frame, sizeof f->zero_frame);
	if (!f->chunk || !f->zero_frame_bytes)
		return -ENOMEM;
	return frame_compressor_new(p->level, p->frame_bytes, put_frame, f, &f->compressor);
}

static int say(const struct pack *p, int err)
{
	if (err != -E2BIG)
		return err;
	fprintf(stderr, "farroot pack: %s: too many frames for a seek table, which has at most %u MiB: give a size larger than --frame=%" PRIu32 "\n",
		p->input, SEEK_TABLE_MAX_BYTES >> 20, p->frame_bytes);
	return PACK_SAID;
}

int fill_zstd(struct pack *p, const char *path, int fd)
{
	struct filling f = { .pack = p, .writer.fd = fd };
	int err;

	(void)path;
	f.from = fill_open_input(p);
	if (f.from < 0)
		return PACK_SAID;
	err = begin(&f);
	if (!err)
		err = allocate(&f);
	if (!err)
		err = say(p, compress(&f));
	frame_compressor_free(f.compressor);
	seekable_writer_free(&f.writer);
	free(f.chunk);
	close(f.from);
	return err;
}
