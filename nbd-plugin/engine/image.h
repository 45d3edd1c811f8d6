/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The interface of the engine: an image on an origin, read like a file.  The plugin, the
 * FUSE front end, farroot verify and the tests use this interface.
 *
 * Any thread may call any function at any time, unless its comment says otherwise.
 */
#ifndef FARROOT_IMAGE_H
#define FARROOT_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cancel.h"
#include "common/log.h"
#include "common/options.h"

struct image;
struct profile;
struct status;

/* Makes an image from options that have passed options_check.  options and log must
 * outlive the image.  Starts no thread and does not use the network, so it may be called
 * before a daemon forks.  Returns 0 or -errno, after logging the reason.  Blocks for the
 * disk.  Free the image with image_free.
 */
int image_new(const struct options *options, const struct log *log,
	      struct image **out);

/* Starts the fetch thread, which asks an origin at once.  Must be called once, before any
 * function below.  on_failure(ctx), unless NULL, is called in that thread if it ends for a
 * reason that it has logged: from then on every call fails with -ESHUTDOWN.  Returns 0 or
 * -errno.  Does not block.
 */
int image_start(struct image *image, void (*on_failure)(void *ctx), void *ctx);

/* Stops the fetch thread and frees everything; the file of a store on a disk stays.
 * Blocks until the thread has ended.  No other call may run at the same time or follow.
 * NULL is fine.
 */
void image_free(struct image *image);

/* Blocks until the image is open: an origin has answered, and the size is known.
 * Returns 0; -ESHUTDOWN (cancelled, or the engine stopped); -EIO (only with
 * outage=SECONDS: they have passed).
 */
int image_wait_open(struct image *image, const struct cancel *cancel);

/* The size in bytes.  Requires that image_wait_open has returned 0.  Does not block. */
uint64_t image_size(const struct image *image);

/* Reads count bytes at offset into buf.  Requires that image_wait_open has returned 0.
 * Copies present blocks without a lock.  For absent blocks it blocks, without a limit,
 * until they have arrived and verified.
 * Returns 0; -EINVAL (out of range); -ESHUTDOWN (cancelled, or the engine stopped);
 * -EIO (only with outage=SECONDS: no usable data came in this time).  After an error the
 * contents of buf are undefined.
 */
int image_pread(struct image *image, void *buf, uint32_t count, uint64_t offset,
		const struct cancel *cancel);

/* The size of the data in front of the hash tree, or the whole size if there is none; without
 * a root hash only the size tells.  As image_size.
 */
uint64_t image_data_size(const struct image *image);

/* image_pread for a format of the engine, of bytes in one block: neither counted nor recorded in
 * the access trace.
 */
int image_peek(struct image *image, void *buf, uint32_t count, uint64_t offset,
	       const struct cancel *cancel);

/* For the status: this part of the image, or of what is compressed in it, is exported. */
void image_set_partition(struct image *image, unsigned number, uint64_t offset, uint64_t bytes);
/* For the status: the image is a seekable file of this uncompressed size. */
void image_set_seekable(struct image *image, uint64_t uncompressed_bytes, uint32_t frames);

/* A read that does not block its caller, for a front end that has more reads than threads. */
struct image_read;

/* image_pread, if all blocks are present; otherwise returns -EAGAIN at once: then call
 * image_pread_start.  Never waits for an origin; a store on a disk may block for the disk.
 */
int image_pread_present(struct image *image, void *buf, uint32_t count, uint64_t offset);

/* Starts a read of count bytes, at most 32 MiB, at offset into buf, and does not block.
 * If it returns 0, done(ctx, result) is called once: in this call, or later in the fetch
 * thread, which it must not block for long.  buf must stay until then.  result is what
 * image_pread would return; -ESHUTDOWN after image_read_cancel, and by image_free for each
 * read that is not done.  *out, unless NULL, is set before done can be called.
 * Returns 0; -EINVAL (out of range); -ENOMEM.
 */
int image_pread_start(struct image *image, void *buf, uint32_t count, uint64_t offset,
		      void (*done)(void *ctx, int result), void *ctx, struct image_read **out);

/* The caller no longer wants the read: done is called soon, by the fetch thread.  The caller
 * must make sure that done has not returned yet.  Does not block.
 */
void image_read_cancel(struct image *image, struct image_read *read);

/* Requests count bytes at offset with the priority of a demand, and does not wait for
 * them.  The request is dropped if too many are queued.  Requires that image_wait_open has
 * returned 0.  Returns 0 or -EINVAL (out of range).
 */
int image_prefetch(struct image *image, uint64_t count, uint64_t offset);

/* Asks for the whole image: the fill is on from now on, at once, whatever fill= says, as far as
 * the data quota goes.  Without effect if the store cannot hold all of the image.  May be called
 * before the image is open.  Does not block.
 */
void image_materialize(struct image *image);

/* Copies a consistent status to out.  Holds a lock for a few instructions. */
void image_status(struct image *image, struct status *out);

/* Copies the access trace to out as a profile, with the root hash if there is one; it is
 * empty before the image is open.  Returns 0 or -ENOMEM; free out with profile_free in any
 * case.
 */
int image_profile(struct image *image, struct profile *out);

/* Returns the name and version of the HTTP library, a constant string. */
const char *image_http_library(void);

#endif
