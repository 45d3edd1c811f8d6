/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What clients see of an image: the image itself, or, if its data is a Zstandard seekable file,
 * the uncompressed data in it; with partition=, one partition of that.
 *
 *   front end ──► export.c ──► image.c                                     other images
 *                        └──► frame-reader.c ──► image.c                   seekable files
 *
 * The functions have the same rules as those of image.h with the same names, except where their
 * comment says otherwise.
 */
#ifndef FARROOT_EXPORT_H
#define FARROOT_EXPORT_H

#include "engine/image.h"

struct export;
struct export_read;

/* image, which may not be started yet, options and log must outlive the export, except that
 * export_free comes after image_free.  Returns 0 or -ENOMEM.
 */
int export_new(struct image *image, const struct options *options, const struct log *log,
	       struct export **out);
/* After image_free.  Reads that are left get -ESHUTDOWN before this returns.  NULL is fine. */
void export_free(struct export *e);

/* image_wait_open, and waits for the first block; if the image begins as a seekable file, for the
 * seek table, and with partition= for the partition table, too.  Also returns -EBADMSG, after
 * logging the reason once: one of these tables cannot be used, or the image is compressed as a
 * whole; -ENOMEM.
 */
int export_wait_open(struct export *e, const struct cancel *cancel);

/* All of the following require that export_wait_open has returned 0. */

uint64_t export_size(const struct export *e);
/* The bytes that a block of a device over the export should have: 4096 for a squashfs, which then
 * is read in whole pages, and 512 for all others: a disk's partition table, FAT, ISO 9660 and small
 * ext4 need blocks that are smaller than a page.
 */
uint32_t export_block_bytes(const struct export *e);
/* Also returns -EBADMSG, after logging it: a frame cannot be decompressed. */
int export_pread(struct export *e, void *buf, uint32_t count, uint64_t offset,
		 const struct cancel *cancel);
/* Only the decompressed frames of a seekable file are present. */
int export_pread_present(struct export *e, void *buf, uint32_t count, uint64_t offset);
int export_pread_start(struct export *e, void *buf, uint32_t count, uint64_t offset,
		       void (*done)(void *ctx, int result), void *ctx, struct export_read **out);
void export_read_cancel(struct export *e, struct export_read *read);
int export_prefetch(struct export *e, uint64_t count, uint64_t offset);

#endif
