/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <zstd.h>

#include "engine/format/frame-decoder.h"
#include "engine/format/little-endian.h"
#include "engine/format/xxh64.h"

/* In the byte behind the magic number.  Source: RFC 8878, 3.1.1.1.1. */
#define HAS_OWN_CHECKSUM 0x04U

/* A struct frame_decoder is a ZSTD_DCtx. */

struct frame_decoder *frame_decoder_new(void)
{
	return (struct frame_decoder *)ZSTD_createDCtx();
}

void frame_decoder_free(struct frame_decoder *decoder)
{
	ZSTD_freeDCtx((ZSTD_DCtx *)decoder);
}

/* The checksum at the end of a frame is the same number as in a seek table, and libzstd has
 * verified it.  Returns false if there is none, or if other frames follow.
 */
static bool own_checksum(const uint8_t *compressed, size_t size, uint32_t *out)
{
	if (size <= 2 * sizeof *out || little_endian32(compressed) != ZSTD_MAGICNUMBER ||
	    !(compressed[sizeof *out] & HAS_OWN_CHECKSUM) ||
	    ZSTD_findFrameCompressedSize(compressed, size) != size)
		return false;
	*out = little_endian32(compressed + size - sizeof *out);
	return true;
}

int frame_decode(struct frame_decoder *decoder, const struct seek_frame *frame, bool has_checksums,
		 const uint8_t *compressed, uint8_t *out, char *why)
{
	size_t got = ZSTD_decompressDCtx((ZSTD_DCtx *)decoder, out, frame->bytes, compressed,
					 frame->compressed_bytes);
	uint32_t sum;

	if (ZSTD_isError(got)) {
		snprintf(why, SEEK_TABLE_WHY, "frame %" PRIu32 " at offset %" PRIu64 " cannot be decompressed: %s",
			 frame->index, frame->compressed_offset, ZSTD_getErrorName(got));
		return -EBADMSG;
	}
	if (got != frame->bytes) {
		snprintf(why, SEEK_TABLE_WHY, "frame %" PRIu32 " at offset %" PRIu64 " has %zu uncompressed bytes, but %" PRIu32 " in the seek table",
			 frame->index, frame->compressed_offset, got, frame->bytes);
		return -EBADMSG;
	}
	if (!has_checksums)
		return 0;
	if (!own_checksum(compressed, frame->compressed_bytes, &sum))
		sum = (uint32_t)xxh64(out, frame->bytes);
	if (sum != frame->checksum) {
		snprintf(why, SEEK_TABLE_WHY, "frame %" PRIu32 " at offset %" PRIu64 " has another checksum than the seek table",
			 frame->index, frame->compressed_offset);
		return -EBADMSG;
	}
	return 0;
}
