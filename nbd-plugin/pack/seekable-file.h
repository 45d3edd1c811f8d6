/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A Zstandard seekable file of any writer.
 */
#ifndef FARROOT_SEEKABLE_FILE_H
#define FARROOT_SEEKABLE_FILE_H

#include <stdbool.h>
#include <stdint.h>

struct seek_table;

/* Whether fd, which has size bytes, ends with the magic number of a seek table. */
bool seekable_file_has_table(int fd, uint64_t size);

/* Moves the seek table behind a skippable frame, so that the size becomes a multiple of 4096.
 * Returns 0 or -errno.
 */
int seekable_file_pad(int fd, const struct seek_table *table);

#endif
