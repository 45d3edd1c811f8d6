/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Makes the hash tree of a file, and checks a whole file against one.
 */
#ifndef FARROOT_VERITY_BUILD_H
#define FARROOT_VERITY_BUILD_H

#include "engine/verity/verity.h"

/* Computes the tree of the first v->data_blocks blocks of fd and writes it, and
 * the superblock in front of it, behind them.  Fills v->root.  Reads the data
 * once; memory does not grow with the image.  Returns 0 or -errno.
 */
int verity_build(struct verity *v, int fd);

/* Checks every block of fd, of v->total_blocks blocks, from the root down; calls
 * bad for each that is damaged.  Returns 0 or -errno of a read.
 */
int verity_check_file(const struct verity *v, int fd,
		      void (*bad)(void *ctx, uint64_t block), void *ctx);

#endif
