/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <zstd.h>

#include "check.h"
#include "engine/format/xxh64.h"

#define MOST 300

/* zstd ends a frame with the low half of its XXH64. */
static uint32_t as_of_zstd(const uint8_t *bytes, size_t size)
{
	static uint8_t frame[MOST + 100];
	ZSTD_CCtx *ctx = ZSTD_createCCtx();
	size_t got;
	uint32_t n = 0, i;

	ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
	got = ZSTD_compress2(ctx, frame, sizeof frame, bytes, size);
	CHECK(!ZSTD_isError(got));
	for (i = 0; i < 4; i++)
		n |= (uint32_t)frame[got - 4 + i] << (8 * i);
	ZSTD_freeCCtx(ctx);
	return n;
}

int main(void)
{
	uint8_t bytes[MOST];
	size_t i;

	/* From the test vectors of other implementations. */
	CHECK(xxh64("", 0) == 0xEF46DB3751D8E999ULL);
	CHECK(xxh64("a", 1) == 0xD24EC4F1A98C6E5BULL);
	CHECK(xxh64("abc", 3) == 0x44BC2CF5AD770999ULL);
	for (i = 0; i < MOST; i++)
		bytes[i] = (uint8_t)(i * i * 7 + i);
	for (i = 0; i <= MOST; i++)
		CHECK_EQ((uint32_t)xxh64(bytes, i), as_of_zstd(bytes, i));
	/* Any alignment. */
	CHECK_EQ((uint32_t)xxh64(bytes + 3, MOST - 3), as_of_zstd(bytes + 3, MOST - 3));
	return 0;
}
