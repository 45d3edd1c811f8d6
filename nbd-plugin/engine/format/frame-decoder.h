/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Decompresses a frame of a Zstandard seekable file.  Memory is bounded by the sizes of the
 * seek table: whatever window size the frame names, libzstd needs no window, because it
 * decompresses into one buffer for all of the frame.
 */
#ifndef FARROOT_FRAME_DECODER_H
#define FARROOT_FRAME_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/format/seek-table.h"

struct frame_decoder;

/* Returns NULL if there is no memory (about 160 KiB); free with frame_decoder_free. */
struct frame_decoder *frame_decoder_new(void);
/* NULL is fine. */
void frame_decoder_free(struct frame_decoder *decoder);

/* Decompresses frame->compressed_bytes bytes to out, frame->bytes bytes.  The frame must have
 * exactly this size and, if has_checksums, its checksum.  One thread at a time for a decoder;
 * takes as long as libzstd, a millisecond for 1 MiB.  Returns 0, or -EBADMSG with the reason in
 * why (SEEK_TABLE_WHY bytes).
 */
int frame_decode(struct frame_decoder *decoder, const struct seek_frame *frame, bool has_checksums,
		 const uint8_t *compressed, uint8_t *out, char *why);

#endif
