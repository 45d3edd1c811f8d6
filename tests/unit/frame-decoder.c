/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <zstd.h>

#include "check.h"
#include "engine/format/frame-decoder.h"
#include "engine/format/xxh64.h"

#define SIZE 100000U

static uint8_t data[SIZE], compressed[2 * SIZE], out[SIZE + 1];
static char why[SEEK_TABLE_WHY];
static struct frame_decoder *decoder;
static struct seek_frame frame;

/* Makes a frame at this place of compressed; returns its size. */
static size_t compress(size_t at, const uint8_t *bytes, size_t size, int own_checksum)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();
	size_t got;

	ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, own_checksum);
	got = ZSTD_compress2(ctx, compressed + at, sizeof compressed - at, bytes, size);
	CHECK(!ZSTD_isError(got));
	ZSTD_freeCCtx(ctx);
	return got;
}

static void begin(int own_checksum)
{
	frame = (struct seek_frame){
		.index = 7, .compressed_offset = 4711, .bytes = SIZE,
		.compressed_bytes = (uint32_t)compress(0, data, SIZE, own_checksum),
		.checksum = (uint32_t)xxh64(data, SIZE),
	};
	memset(out, 0x55, sizeof out);
	*why = '\0';
}

static int decode(void)
{
	return frame_decode(decoder, &frame, true, compressed, out, why);
}

static void decodes(int own_checksum)
{
	begin(own_checksum);
	CHECK_EQ(decode(), 0);
	CHECK(!memcmp(out, data, SIZE));
	CHECK_EQ(out[SIZE], 0x55);
}

static void checks_checksum(int own_checksum)
{
	begin(own_checksum);
	frame.checksum ^= 1;
	CHECK_EQ(frame_decode(decoder, &frame, false, compressed, out, why), 0);
	CHECK_EQ(decode(), -EBADMSG);
	CHECK_STR(why, "frame 7 at offset 4711 has another checksum than the seek table");
}

static void checks_size(void)
{
	begin(0);
	frame.bytes = SIZE - 1;
	CHECK_EQ(decode(), -EBADMSG);
	CHECK_SAYS(why, "frame 7 at offset 4711 cannot be decompressed: Destination buffer is too small");
	begin(0);
	frame.bytes = SIZE + 1;
	CHECK_EQ(decode(), -EBADMSG);
	CHECK_SAYS(why, "has 100000 uncompressed bytes, but 100001 in the seek table");
	begin(0);
	frame.compressed_bytes--;
	CHECK_EQ(decode(), -EBADMSG);
	CHECK_SAYS(why, "cannot be decompressed");
}

static void checks_bytes(void)
{
	begin(1);
	compressed[frame.compressed_bytes / 2] ^= 1;
	CHECK_EQ(decode(), -EBADMSG);
	CHECK_SAYS(why, "cannot be decompressed");
	begin(0);
	memset(compressed, 0, 4);
	CHECK_EQ(decode(), -EBADMSG);
	CHECK_SAYS(why, "cannot be decompressed: Unknown frame descriptor");
	/* The decoder is as new. */
	decodes(1);
}

/* Some writers give one entry to several frames, also skippable ones. */
static void decodes_several_frames(void)
{
	static const uint8_t skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'h', 'i' };
	size_t at;

	begin(1);
	at = compress(0, data, 10, 1);
	memcpy(compressed + at, skippable, sizeof skippable);
	at += sizeof skippable;
	at += compress(at, data + 10, SIZE - 10, 1);
	frame.compressed_bytes = (uint32_t)at;
	CHECK_EQ(decode(), 0);
	CHECK(!memcmp(out, data, SIZE));
	frame.checksum ^= 1;
	CHECK_EQ(decode(), -EBADMSG);
	CHECK_SAYS(why, "another checksum");
}

int main(void)
{
	size_t i;

	for (i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * i >> 9);
	decoder = frame_decoder_new();
	CHECK(decoder);
	decodes(0);
	decodes(1);
	checks_checksum(0);
	checks_checksum(1);
	checks_size();
	checks_bytes();
	decodes_several_frames();
	frame_decoder_free(decoder);
	frame_decoder_free(NULL);
	return 0;
}
