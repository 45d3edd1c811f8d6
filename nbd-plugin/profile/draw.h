/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Pictures of a profile.  The same profile always gives the same picture.  One thread;
 * nothing blocks, except for the stream that is written.
 */
#ifndef FARROOT_DRAW_H
#define FARROOT_DRAW_H

#include <stdbool.h>

#include "common/profile.h"

/* Computes the regions of a profile: its extents sorted by offset, overlaps and neighbours
 * merged, without bytes beyond the end of the image.  Returns 0 or -ENOMEM; free out with
 * profile_free in any case.
 */
int profile_regions(const struct profile *profile, uint64_t size_bytes, struct profile *out);

/* Returns the sum of the lengths in bytes, at most INT64_MAX. */
uint64_t profile_bytes(const struct profile *profile);

struct picture {
	const struct profile *profile;	/* not empty */
	const struct profile *regions;	/* profile_regions of it */
	uint64_t size_bytes;		/* > 0, <= INT64_MAX */
};

/* Draws two text maps of the image, columns wide: how much of each cell is read, and when.
 * Returns 0 or -ENOMEM.  Check the stream for write errors.
 */
int profile_draw_map(const struct picture *picture, unsigned columns, bool ascii, FILE *to);

/* Draws an SVG: x is the offset in the image, y the number of bytes read until then.  Check
 * the stream for write errors.
 */
void profile_draw_svg(const struct picture *picture, FILE *to);

#endif
