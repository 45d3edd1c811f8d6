/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Where the data of a packed image comes from: pack.fill of farroot pack.
 */
#ifndef FARROOT_FILL_H
#define FARROOT_FILL_H

#include "pack/pack.h"

/* pack.input for standard input. */
#define FILL_STANDARD_INPUT "/dev/stdin"
/* As mksquashfs for zstd. */
#define FILL_LEVEL 15
/* A read of one byte needs a frame: small enough for a slow link, large enough to compress. */
#define FILL_FRAME_BYTES (64U << 10)

/* Opens pack->input.  Returns the descriptor, or -1 after printing the reason. */
int fill_open_input(const struct pack *pack);

/* Copies the input; holes stay holes. */
int fill_plain(struct pack *pack, const char *path, int fd);

/* Compresses the input into a Zstandard seekable file. */
int fill_zstd(struct pack *pack, const char *path, int fd);

#endif
