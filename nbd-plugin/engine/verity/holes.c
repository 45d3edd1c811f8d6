/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/verity/holes.h"
#include "engine/verity/verity.h"

void holes_init(struct holes *h, int fd, uint64_t blocks)
{
	*h = (struct holes){ .fd = fd, .blocks = blocks };
}

static uint64_t limit(const struct holes *h, uint64_t block)
{
	return block < h->blocks ? block : h->blocks;
}

/* Returns whether the blocks without data are in the file, not behind its end. */
static bool is_long_enough(const struct holes *h)
{
	struct stat st;

	return !fstat(h->fd, &st) && (uint64_t)st.st_size > (h->blocks - 1) * VERITY_BLOCK_SIZE;
}

/* Finds the first data at block or behind it. */
static void find_data(struct holes *h, uint64_t block)
{
	off_t data = lseek(h->fd, (off_t)(block * VERITY_BLOCK_SIZE), SEEK_DATA), hole;

	if (data < 0) {
		h->data_start = errno == ENXIO && is_long_enough(h) ? h->blocks : block;
		h->data_end = h->blocks;
		return;
	}
	hole = lseek(h->fd, data, SEEK_HOLE);
	h->data_start = limit(h, (uint64_t)data / VERITY_BLOCK_SIZE);
	h->data_end = hole < 0 ? h->blocks :
				 limit(h, ((uint64_t)hole + VERITY_BLOCK_SIZE - 1) / VERITY_BLOCK_SIZE);
	/* If the file changes meanwhile, the caller must still come to an end. */
	if (h->data_end <= h->data_start)
		h->data_end = limit(h, h->data_start + 1);
}

bool holes_are_at(struct holes *h, uint64_t block, uint64_t *count)
{
	if (block >= h->data_end)
		find_data(h, block);
	*count = (block < h->data_start ? h->data_start : h->data_end) - block;
	return block < h->data_start;
}
