/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Pictures of a profile over its image.  The same profile gives the same picture.
 */
#ifndef FARROOT_DRAW_H
#define FARROOT_DRAW_H

#include <stdbool.h>

#include "common/profile.h"

/* The same bytes sorted by offset, each once, neighbours merged, without what is
 * beyond the end of the image.  Returns 0 or -ENOMEM; free out with profile_free.
 */
int profile_regions(const struct profile *profile, uint64_t size_bytes, struct profile *out);

/* The sum of the lengths, which may be absurd: at most INT64_MAX. */
uint64_t profile_bytes(const struct profile *profile);

struct picture {
	const struct profile *profile;	/* not empty */
	const struct profile *regions;	/* of that */
	uint64_t size_bytes;		/* > 0, <= INT64_MAX */
};

/* Two maps of the image in columns of text: how much of each cell is read, and
 * when.  Returns 0 or -ENOMEM.
 */
int profile_draw_map(const struct picture *picture, unsigned columns, bool ascii, FILE *to);

/* An SVG: where in the image, to the right; after how many bytes, upwards. */
void profile_draw_svg(const struct picture *picture, FILE *to);

#endif
