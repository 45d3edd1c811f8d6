/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Builds the hash tree of a file, and verifies a whole file.  Any thread; both functions
 * block until they have gone through the whole file.
 */
#ifndef FARROOT_VERITY_BUILD_H
#define FARROOT_VERITY_BUILD_H

#include "engine/verity/verity.h"

/* Computes the tree of the first v->data_blocks blocks of fd, and writes the superblock
 * and the tree behind these blocks.  v comes from verity_init with root NULL; v->root is
 * set.  Reads the data once, and never the holes of a sparse file, however many these are;
 * reads no hash block.  The memory used does not grow with the image.  Changes the position
 * of fd.  Returns 0 or -errno.
 */
int verity_build(struct verity *v, int fd);

/* Verifies all v->total_blocks blocks, from the root down, and calls bad for each damaged block.
 * The data are in fd; superblock and tree are behind them (tree_fd < 0), or in tree_fd.  Holes are not read.  Changes the position of fd.  Returns 0 (also with
 * damaged blocks) or the -errno of a read.
 */
int verity_check_file(const struct verity *v, int fd, int tree_fd,
		      void (*bad)(void *ctx, uint64_t block), void *ctx);

#endif
