/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Translates between what is read of an image and what is read of its files, and
 * tells what that costs.
 */
#ifndef FARROOT_EXTENTS_TO_FILES_H
#define FARROOT_EXTENTS_TO_FILES_H

#include "common/file-list.h"
#include "common/profile.h"
#include "squashfs/layout.h"

/* The files and the tables of which a compressed block is read: one counts when
 * all of it is, because a part of it is of no use to anybody, and shares 4096-byte
 * blocks with others.  Of a fragment block all files count: which of them was
 * wanted is not known.  Returns 0 or -ENOMEM; free out with file_list_free.
 */
int profile_to_files(const struct profile *profile, const struct layout *layout,
		     struct file_list *out);

/* What has to be read of the image for these, in blocks of 4096 bytes, each once.
 * missing counts the entries of which the image has nothing.  Returns 0 or
 * -ENOMEM; free out with profile_free.
 */
int profile_of_files(const struct file_list *list, const struct layout *layout,
		     struct profile *out, size_t *missing);

struct profile_needs {
	uint64_t files;		/* bytes of blocks of one file */
	uint64_t fragments;	/* of several files */
	uint64_t tables;
	uint64_t edges;		/* the rest of the 4096-byte blocks that those are in */
	uint64_t hashes;	/* of the hash blocks that all that has to be checked with */
	uint64_t total;
};

/* data_bytes: of the image, in front of its hash tree, or that its tree will be made of. */
int profile_needs(const struct profile *profile, const struct layout *layout,
		  uint64_t data_bytes, struct profile_needs *out);

#endif
