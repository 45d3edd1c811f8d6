/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Decompresses any bytes as a frame.  The first bytes are the entry of the seek table.  A frame
 * with the right checksum has contents with this checksum.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "engine/format/frame-decoder.h"
#include "engine/format/xxh64.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct frame_decoder *decoder;
	char why[SEEK_TABLE_WHY] = "";
	struct seek_frame frame = { 0 };
	uint8_t *out, *compressed;
	uint16_t length;
	int err;

	if (size < sizeof length + sizeof frame.checksum)
		return 0;
	if (!decoder)
		decoder = frame_decoder_new();
	memcpy(&length, bytes, sizeof length);
	memcpy(&frame.checksum, bytes + sizeof length, sizeof frame.checksum);
	size -= sizeof length + sizeof frame.checksum;
	frame.bytes = length;
	frame.compressed_bytes = (uint32_t)size;
	/* Exactly this size, so that AddressSanitizer sees each byte beyond. */
	out = malloc(length ? length : 1);
	compressed = malloc(size ? size : 1);
	memcpy(compressed, bytes + sizeof length + sizeof frame.checksum, size);
	err = frame_decode(decoder, &frame, true, compressed, out, why);
	REQUIRE(err ? err == -EBADMSG && *why : (uint32_t)xxh64(out, length) == frame.checksum);
	free(out);
	free(compressed);
	return 0;
}
