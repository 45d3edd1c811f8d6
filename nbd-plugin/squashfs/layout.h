/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Where in a squashfs the bytes of its files and of its tables lie.
 */
#ifndef FARROOT_LAYOUT_H
#define FARROOT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file, or a table: those have names that begin with @, files with /. */
struct layout_file {
	char *name;		/* of a file with several, one of them */
	uint64_t size;
	size_t first, count;	/* its pieces, in by_file */
};

/* A compressed block is read as a whole or not at all.  One that holds several
 * files, a fragment block or what is alike in two, is several pieces.
 */
struct layout_piece {
	uint64_t offset, length;	/* in the image */
	uint64_t start, size;		/* in the file */
	uint32_t file;
	uint32_t within;		/* a fragment block, unpacked: where in it */
	bool is_fragment;		/* there may be others in the same bytes */
};

struct layout {
	struct layout_file *files;	/* sorted by name */
	struct layout_piece *pieces;	/* sorted by offset, within, file and start */
	const struct layout_piece **by_file;	/* sorted by file and start */
	size_t file_count, piece_count, file_space, piece_space;
	uint64_t bytes;			/* of the file system */
};

/* Reads all of an image but the data.  Returns 0 or -errno as squashfs_reader_open
 * does, for squashfs_reason; free out with layout_free in any case.
 */
int layout_read(const char *path, struct layout *out);
void layout_free(struct layout *layout);

/* The file of this name, or NULL. */
const struct layout_file *layout_find(const struct layout *layout, const char *name);

#endif
