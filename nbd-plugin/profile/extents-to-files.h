/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Translates between a profile (extents of an image) and a list of files (ranges of
 * files), and computes how many bytes must be read.  Any thread; nothing blocks.
 */
#ifndef FARROOT_EXTENTS_TO_FILES_H
#define FARROOT_EXTENTS_TO_FILES_H

#include "common/file-list.h"
#include "common/profile.h"
#include "squashfs/layout.h"

/* Lists the files and tables that a profile reads.  A compressed block counts as read only
 * if it was read completely: a partial block cannot be decompressed, and its 4096-byte
 * blocks may also belong to neighbours.  All files of a fragment block count, because the
 * profile does not show which of them was needed.  Returns 0 or -ENOMEM; free out with
 * file_list_free in any case.
 */
int profile_to_files(const struct profile *profile, const struct layout *layout,
		     struct file_list *out);

/* Makes the profile that reads a list of files: extents of 4096-byte blocks, each block
 * once.  *missing is the number of entries that name nothing in the image.  Returns 0 or
 * -ENOMEM; free out with profile_free in any case.
 */
int profile_of_files(const struct file_list *list, const struct layout *layout,
		     struct profile *out, size_t *missing);

struct profile_needs {
	uint64_t files;		/* bytes of compressed blocks of one file */
	uint64_t fragments;	/* bytes of compressed blocks that several files share */
	uint64_t tables;
	uint64_t edges;		/* the rest of the 4096-byte blocks that hold these */
	uint64_t hashes;	/* the hash blocks that verify all of these */
	uint64_t total;
};

/* Computes how many bytes a profile reads, by kind.  data_bytes is the size of the image
 * without its hash tree.  Returns 0, -EINVAL or -ENOMEM.
 */
int profile_needs(const struct profile *profile, const struct layout *layout,
		  uint64_t data_bytes, struct profile_needs *out);

#endif
