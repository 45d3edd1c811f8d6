/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A list of files: the ranges of files that a boot reads, in the order of their first
 * read.  Unlike a profile, it remains useful after the image was rebuilt.  A text:
 *
 *   # farroot files
 *   # roothash=HEX            of the image that was read
 *   # inodes=425984           the uncompressed sizes of two of its tables
 *   # directories=262144
 *   0 96 @superblock          offset and length in bytes within a file, and its name:
 *   0 131072 /usr/bin/bash    a path, or @ and the name of a table
 *
 * In names, control characters and backslashes are \ and three octal digits.
 *
 * One thread at a time may use a list.  Nothing blocks, except that what writes blocks on
 * its stream.  All memory belongs to the list.
 */
#ifndef FARROOT_FILE_LIST_H
#define FARROOT_FILE_LIST_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FILE_LIST_MAGIC "# farroot files\n"
#define FILE_LIST_MAX_BYTES (64U << 20)
#define FILE_LIST_MAX_ENTRIES (1U << 20)

struct file_range {
	char *name;
	uint64_t start, length;		/* bytes; length > 0, no overflow */
};

struct file_list {
	struct file_range *entries;
	size_t count, space;
	char roothash[65];		/* hexadecimal; "" if the text does not say */
	uint64_t inodes, directories;	/* bytes; 0 if the text does not say */
};

/* Appends a range, or extends the last entry if the range continues it.  Copies name.
 * Returns 0; -EINVAL (length 0, an overflow, or a name without / or @ at its beginning);
 * or -ENOMEM (also if there are more than FILE_LIST_MAX_ENTRIES).
 */
int file_list_add(struct file_list *list, const char *name, uint64_t start, uint64_t length);

/* Parses an untrusted text.  out is zeroed first; free it with file_list_free in any
 * case.  Returns 0; -EINVAL or -ENOMEM, with a message that names the line in why
 * (why_size bytes, always terminated).
 */
int file_list_parse(const char *text, size_t length, struct file_list *out,
		    char *why, size_t why_size);

/* Writes the lines of the ranges only to a stream.  Returns 0 or -EIO. */
int file_list_write_ranges(const struct file_list *list, FILE *to);

/* Writes the text to a stream.  Returns 0 or -EIO. */
int file_list_write(const struct file_list *list, FILE *to);

/* Frees the entries and zeroes the list. */
void file_list_free(struct file_list *list);

#endif
