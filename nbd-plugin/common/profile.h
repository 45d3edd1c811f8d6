/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A profile: the extents of an image that a boot reads, in the order of their first
 * read.  It is a text that people can read, diff, sort and edit.
 *
 *   # farroot profile
 *   # roothash=HEX          the image that it was recorded on
 *   # kernel=6.12.41        other headers are for people; only roothash has an effect
 *   0 4096                  offset and length in bytes
 *   138129408 131072
 *
 * A profile is only a prefetch hint: a wrong profile costs time, never correctness.
 *
 * One thread at a time may use a profile.  Nothing blocks, except profile_write on its
 * stream.  All memory belongs to the profile.
 */
#ifndef FARROOT_PROFILE_H
#define FARROOT_PROFILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The largest text and the largest number of entries that are read.  A boot needs about
 * 1 % of these.
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

/* Appends an extent, or extends the last entry if the extent continues it.  Returns 0;
 * -EINVAL (length 0, or an overflow); -ENOMEM (also if there are more than
 * PROFILE_MAX_ENTRIES).
 */
int profile_add(struct profile *profile, uint64_t offset, uint64_t length);

/* Parses an untrusted text.  out is zeroed first; after an error it holds the entries
 * before the wrong line.  Free it with profile_free in any case.  Returns 0; -EINVAL or
 * -ENOMEM, with a message that names the line in why (why_size bytes, always terminated).
 */
int profile_parse(const char *text, size_t length, struct profile *out,
		  char *why, size_t why_size);

/* Writes the text to a stream.  Returns 0 or -EIO. */
int profile_write(const struct profile *profile, FILE *to);

/* Frees the entries and zeroes the profile. */
void profile_free(struct profile *profile);

#endif
