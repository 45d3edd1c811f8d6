/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Where the holes of a sparse file are, in blocks of VERITY_BLOCK_SIZE.  One lseek finds the
 * next data and one finds its end, however long the hole or the data is.
 */
#ifndef FARROOT_HOLES_H
#define FARROOT_HOLES_H

#include <stdbool.h>
#include <stdint.h>

struct holes {
	int fd;
	uint64_t blocks;		/* the first blocks of fd, of which the caller asks */
	uint64_t data_start, data_end;	/* the data that was found last */
};

/* Prepares to look for holes in the first blocks blocks of fd.  fd must have them, the
 * last at least in part.
 */
void holes_init(struct holes *h, int fd, uint64_t blocks);

/* Returns whether block is in a hole: then it is zeroes and need not be read.  *count is how
 * many blocks from block on are the same, hole or data, up to h->blocks; at least 1.  Asking
 * in ascending order is fast.  A file system that cannot tell has no holes.  block must be
 * less than h->blocks.  Changes the position of fd.  One thread; may block for the disk.
 */
bool holes_are_at(struct holes *h, uint64_t block, uint64_t *count);

#endif
