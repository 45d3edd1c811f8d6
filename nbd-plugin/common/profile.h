/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What a boot reads, in the order in which it first reads it: a text that people
 * can read, diff, sort and edit.
 *
 *   # farroot profile
 *   # roothash=HEX          the image that it was recorded on
 *   # kernel=6.12.41        more of the like; only the roothash matters
 *   0 4096                  offset and length in bytes, first touched first
 *   138129408 131072
 *
 * A profile is a hint and nothing else: a wrong one costs time.
 */
#ifndef FARROOT_PROFILE_H
#define FARROOT_PROFILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The largest text and the most entries that are read; what a boot needs is a
 * hundredth of that.
 */
#define PROFILE_MAX_BYTES (4U << 20)
#define PROFILE_MAX_ENTRIES (256U << 10)

struct profile_entry {
	uint64_t offset, length;	/* bytes; length > 0, no overflow */
};

struct profile {
	struct profile_entry *entries;
	size_t count, space;
	char roothash[65];		/* hexadecimal; "" if the text does not say */
	char kernel[64], recorded[64];	/* likewise */
};

/* Appends, merged with the last entry if it goes on there.  Returns 0, -EINVAL
 * or -ENOMEM (also when there are too many).
 */
int profile_add(struct profile *profile, uint64_t offset, uint64_t length);

/* Reads a text of untrusted origin.  out is zeroed first and holds what came
 * before the fault, to be freed in any case.  Returns 0; -EINVAL or -ENOMEM with
 * a sentence that names the line in why.
 */
int profile_parse(const char *text, size_t length, struct profile *out,
		  char *why, size_t why_size);

/* The text.  Returns 0 or -errno (ferror). */
int profile_write(const struct profile *profile, FILE *to);

void profile_free(struct profile *profile);

#endif
