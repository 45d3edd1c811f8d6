/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Compresses the frames of an image with one thread for each CPU.  Each frame is compressed by
 * one thread, so the result does not depend on their number.
 *
 *   caller: add ─► slot: full ─► a thread: compresses ─► slot: done ─► caller: sink, in order
 *
 * One thread, the caller's, uses these functions.
 */
#ifndef FARROOT_FRAME_COMPRESSOR_H
#define FARROOT_FRAME_COMPRESSOR_H

#include <stddef.h>
#include <stdint.h>

/* The levels of zstd(1), without --fast. */
#define FRAME_LEVEL_MIN 1
#define FRAME_LEVEL_MAX 22

struct frame_compressor;

/* Takes the next compressed frame, which has bytes uncompressed bytes, and ends with its own
 * checksum.  Returns 0 or an error, which frame_compressor_add or _finish returns.
 */
typedef int frame_sink(void *ctx, const uint8_t *compressed, size_t compressed_bytes, uint32_t bytes);

/* Frames will have at most frame_bytes bytes.  Starts the threads.  Returns 0 or -errno; free
 * with frame_compressor_free.
 */
int frame_compressor_new(int level, uint32_t frame_bytes, frame_sink *sink, void *ctx,
			 struct frame_compressor **out);
/* Ends the threads; frames that are not finished are dropped.  NULL is fine. */
void frame_compressor_free(struct frame_compressor *c);

/* Copies a frame of size bytes; waits for an older frame if all threads have work.  Returns 0,
 * -ENOMEM or what sink has returned.
 */
int frame_compressor_add(struct frame_compressor *c, const uint8_t *bytes, uint32_t size);

/* Waits until all frames are compressed and given to sink.  Returns as frame_compressor_add. */
int frame_compressor_finish(struct frame_compressor *c);

/* Compresses one frame of size bytes of zeroes at this level into out, which has space for
 * out_size bytes.  Returns its size, 0: no memory.
 */
size_t frame_of_zeroes(int level, uint32_t size, uint8_t *out, size_t out_size);

#endif
