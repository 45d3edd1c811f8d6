/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Blocks that an earlier image has, too (earlier=FILE), are taken from there instead of an origin.
 *
 * The digests of two images cannot be compared, because their salts differ.  So each block of the
 * earlier file is hashed once with the salt of this image:
 *
 *   file ──► digest ──► table: part of the digest → block of the file
 *
 * Then each absent block of this image whose digest is known is looked for in the table, read from
 * the file and verified like one from an origin.  What the file has, holes or half-written blocks,
 * does not matter.  The fill waits until all blocks have been looked for; reads and the profile do
 * not.  8 bytes of memory for each 2 KiB of the file, until the end.
 *
 * The fetch thread only.  These block for the disk of the file.
 */
#ifndef FARROOT_EARLIER_IMAGE_H
#define FARROOT_EARLIER_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

struct fetch;

/* Returns 0 or -ENOMEM; free with earlier_image_free. */
int earlier_image_init(struct fetch *f);
void earlier_image_free(struct fetch *f);

/* Hashes some blocks of the file, or looks for those of this image that reads wait for, and some others.  Returns whether there is more to
 * do at once.
 */
bool earlier_image_step(struct fetch *f);

/* Whether the fill has to wait: the file may have what it would fetch. */
bool earlier_image_holds_fill(const struct fetch *f);

#endif
