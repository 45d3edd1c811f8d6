/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The places of the bytes of files and tables in a squashfs.  Any thread; layout_read
 * blocks for the disk.
 */
#ifndef FARROOT_LAYOUT_H
#define FARROOT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file or a table.  The name of a file begins with /, the name of a table with @. */
struct layout_file {
	char *name;		/* one of the names, if the file has several */
	uint64_t size;
	size_t first, count;	/* the range of its pieces in by_file */
};

/* A compressed block, which can only be read completely.  A block that belongs to several
 * files (a fragment block, or equal content) has one piece for each of them.
 */
struct layout_piece {
	uint64_t offset, length;	/* in the image */
	uint64_t start, size;		/* in the file */
	uint32_t file;
	uint32_t within;		/* offset in the uncompressed fragment block */
	bool is_fragment;		/* other files may share the block */
};

struct layout {
	struct layout_file *files;	/* sorted by name */
	struct layout_piece *pieces;	/* sorted by offset, within, file and start */
	const struct layout_piece **by_file;	/* sorted by file and start */
	size_t file_count, piece_count, file_space, piece_space;
	uint64_t bytes;			/* size of the file system */
};

/* Reads the image path, without the data of its files.  Returns 0 or -errno as
 * squashfs_reader_open does, for squashfs_reason.  Free out with layout_free in any case.
 */
int layout_read(const char *path, struct layout *out);
/* Frees the arrays and zeroes the layout. */
void layout_free(struct layout *layout);

/* Returns the file or table with this name, or NULL. */
const struct layout_file *layout_find(const struct layout *layout, const char *name);

#endif
