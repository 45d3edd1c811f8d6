/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The engine's front door: an image on an origin, read as if it were a file.
 * The plugin, the tool's verify and the tests all come in here.  Every function
 * is thread-safe unless it says otherwise.
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

/* Makes an image from options, which must outlive it and have passed
 * options_check.  Starts no thread and touches no network, so it may be called
 * before a daemon forks.  Returns 0 or -errno, having logged why.
 */
int image_new(const struct options *options, const struct log *log,
	      struct image **out);

/* Starts the fetch thread, which begins to look for an origin at once. */
int image_start(struct image *image);

/* Stops the thread, fails whoever waits with -ESHUTDOWN, frees everything but
 * a store on disk.  Call once, when no other call is under way or can come.
 */
void image_free(struct image *image);

/* Blocks until an origin has answered and the size is known.
 * Returns 0, -ESHUTDOWN (cancelled) or -EIO (outage=SECONDS passed).
 */
int image_wait_open(struct image *image, const struct cancel *cancel);

/* Bytes; valid once image_wait_open has returned 0. */
uint64_t image_size(const struct image *image);

/* Reads count bytes at offset into buf.  What is in the store is copied without
 * a lock and without a wait; for the rest it blocks until it has arrived and
 * been verified, however long that takes.
 * Returns 0; -EINVAL (out of range); -ESHUTDOWN (cancelled);
 * -EIO (only with outage=SECONDS).
 */
int image_pread(struct image *image, void *buf, uint32_t count, uint64_t offset,
		const struct cancel *cancel);

/* Asks that these bytes be fetched, as a demand, and returns at once. */
int image_prefetch(struct image *image, uint64_t count, uint64_t offset);

/* A consistent picture of how things stand. */
void image_status(struct image *image, struct status *out);

/* What was read so far, in the order in which it was first read, with the root
 * hash if there is one.  Returns 0 or -ENOMEM; free out with profile_free.
 */
int image_profile(struct image *image, struct profile *out);

/* Name and version of the library that speaks HTTP, a constant string. */
const char *image_http_library(void);

#endif
