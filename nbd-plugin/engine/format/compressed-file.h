/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Recognises files that are compressed as a whole: only their beginning could be read at random.
 */
#ifndef FARROOT_COMPRESSED_FILE_H
#define FARROOT_COMPRESSED_FILE_H

#include <stddef.h>
#include <stdint.h>

/* The bytes that compressed_file_program needs, if the file has them. */
#define COMPRESSED_FILE_BYTES 6

/* Returns the program that decompresses a file that begins with these bytes ("zstd", "xz",
 * "gzip", "bzip2", "lz4"), or NULL.  A Zstandard seekable file also begins as one of "zstd".
 * Any thread; does not block.
 */
const char *compressed_file_program(const uint8_t *bytes, size_t size);

/* What to do with such an image, for snprintf and log_say; both arguments are the program. */
#define COMPRESSED_FILE_ADVICE \
	"the image is compressed as a whole, by %s: no part of it can be read without all before that part; make an image of what is in it: %s -dc < IMAGE | farroot pack --zstd - -o OUT (decompress=no exports the compressed bytes)"

#endif
