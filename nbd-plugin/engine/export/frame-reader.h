/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Reads the uncompressed data of a Zstandard seekable file.
 *
 *   frame_reader_present: all frames are in the cache ──► copied, at once
 *
 *   frame_reader_start ──► each frame that is absent: source.start ──┐
 *                      └─► each frame that is loaded already: waits  │ compressed bytes
 *                                                                    ▼
 *   done ◄── copied to all reads that wait ◄── decompressed by a worker ◄── job
 *
 * A frame is fetched and decompressed once, however many reads wait for it.  Workers, one for
 * each CPU up to FRAME_WORKERS_MAX, decompress; so do the threads in frame_reader_pread, which
 * would otherwise only wait.  The thread that calls back from the source only queues a job.
 *
 * One mutex guards the cache, the jobs and the lists of waiting reads.  It is held for a few
 * instructions, never while bytes are fetched or decompressed, or more than 8 KiB are copied.  A read of cached frames
 * waits for nothing else.
 *
 * Any thread may call any function, unless its comment says otherwise.
 */
#ifndef FARROOT_FRAME_READER_H
#define FARROOT_FRAME_READER_H

#include <stdint.h>

#include "common/cancel.h"
#include "common/log.h"
#include "engine/format/seek-table.h"

#define FRAME_WORKERS_MAX 4U
/* The decompressed frames that are kept, unless four of the largest need more. */
#define FRAME_CACHE_BYTES (16U << 20)

struct frame_reader;
struct frame_read;

/* Where the compressed bytes come from. */
struct frame_source {
	void *ctx;
	/* As image_pread_start. */
	int (*start)(void *ctx, void *buf, uint32_t count, uint64_t offset,
		     void (*done)(void *done_ctx, int result), void *done_ctx, void **read);
	/* As image_read_cancel. */
	void (*cancel)(void *ctx, void *read);
};

/* Takes over table and frees it, also after an error.  log must outlive the reader.  Starts the
 * workers.  Returns 0 or -errno; free with frame_reader_free.
 */
int frame_reader_new(struct seek_table *table, const struct frame_source *source,
		     const struct log *log, struct frame_reader **out);
/* The source must have ended all its reads.  Reads that are left get their result before this
 * returns.  No other call may run or follow.  NULL is fine.
 */
void frame_reader_free(struct frame_reader *reader);

uint64_t frame_reader_size(const struct frame_reader *reader);
uint32_t frame_reader_frames(const struct frame_reader *reader);

/* Reads count > 0 bytes at offset, within the size, if all frames are in the cache; -EAGAIN: some
 * are not.  Does not block.
 */
int frame_reader_present(struct frame_reader *reader, void *buf, uint32_t count, uint64_t offset);

/* Reads count > 0 bytes at offset, within the size, and does not block.  If it returns 0,
 * done(ctx, result) is called once: in this call, or by any thread, without a lock.  buf must
 * stay until then.  result is 0; -EBADMSG, after logging it: a frame cannot be decompressed;
 * -ESHUTDOWN after frame_read_cancel; or what the source says.  *out, unless NULL, is set before
 * done can be called.  Returns 0 or -ENOMEM.
 */
int frame_reader_start(struct frame_reader *reader, void *buf, uint32_t count, uint64_t offset,
		       void (*done)(void *ctx, int result), void *ctx, struct frame_read **out);
/* The caller no longer wants the read: done is called soon, by another thread.  The caller must
 * make sure that done has not returned yet.
 */
void frame_read_cancel(struct frame_reader *reader, struct frame_read *read);

/* frame_reader_start, and waits.  Returns the result. */
int frame_reader_pread(struct frame_reader *reader, void *buf, uint32_t count, uint64_t offset,
		       const struct cancel *cancel);

/* The part of the file with the frames of these bytes. */
void frame_reader_compressed(const struct frame_reader *reader, uint64_t count, uint64_t offset,
			     uint64_t *compressed_count, uint64_t *compressed_offset);

#endif
