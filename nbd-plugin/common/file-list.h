/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What a boot reads, in the order in which it first reads it, in terms that
 * outlive a rebuild of the image: ranges of files.  A text.
 *
 *   # farroot files
 *   # roothash=HEX            of the image that they were read from
 *   # inodes=425984           how large two of its tables were, unpacked
 *   # directories=262144
 *   0 96 @superblock          offset and length in the file in bytes, and its name:
 *   0 131072 /usr/bin/bash    a path, or @ and the name of a table
 *
 * In names, control characters and backslashes are \ and three octal digits.
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

/* Appends, merged with the last entry if it goes on there.  Returns 0, -EINVAL
 * or -ENOMEM (also when there are too many).
 */
int file_list_add(struct file_list *list, const char *name, uint64_t start, uint64_t length);

/* Reads a text of untrusted origin.  out is zeroed first and to be freed in any
 * case.  Returns 0; -EINVAL or -ENOMEM with a sentence that names the line in why.
 */
int file_list_parse(const char *text, size_t length, struct file_list *out,
		    char *why, size_t why_size);

/* The text.  Returns 0 or -errno. */
int file_list_write(const struct file_list *list, FILE *to);

void file_list_free(struct file_list *list);

#endif
