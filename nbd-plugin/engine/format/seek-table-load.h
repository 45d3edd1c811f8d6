/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Reads a seek table from wherever its file is.
 */
#ifndef FARROOT_SEEK_TABLE_LOAD_H
#define FARROOT_SEEK_TABLE_LOAD_H

#include "engine/format/seek-table.h"

/* Reads count bytes at offset into buf.  Returns 0 or -errno. */
typedef int seek_table_read(void *ctx, void *buf, uint32_t count, uint64_t offset);

/* Loads the seek table at the end of a file of file_bytes, by two calls of read.  Returns 0;
 * -ENOENT: the file does not end with one; -EINVAL or -ENOMEM with a message in why
 * (SEEK_TABLE_WHY bytes); or what read has returned, also with a message.  Free out with
 * seek_table_free after 0.  Blocks as read does.
 */
int seek_table_load(seek_table_read *read, void *ctx, uint64_t file_bytes, struct seek_table *out,
		    char *why);

/* The same, but -ENOENT also if the file does not begin as a compressed one: the same rule as that of
 * the exports.  *program is that of compressed_file_program.  Calls read once more.
 */
int seek_table_probe(seek_table_read *read, void *ctx, uint64_t file_bytes, struct seek_table *out,
		     const char **program, char *why);

/* A seek_table_read for a file; ctx is an int, the descriptor. */
int seek_table_read_file(void *ctx, void *buf, uint32_t count, uint64_t offset);

#endif
