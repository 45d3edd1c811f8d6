/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <unistd.h>

#include "engine/verity/holes.h"
#include "engine/verity/verity.h"
#include "pack/packed-image.h"

static bool is_superblock(int fd, uint64_t block)
{
	uint8_t bytes[VERITY_BLOCK_SIZE];
	ssize_t got = pread(fd, bytes, VERITY_SUPERBLOCK_FIXED, (off_t)(block * VERITY_BLOCK_SIZE));

	return got > 0 && verity_superblock_begins(bytes, (size_t)got, block);
}

bool packed_image_find(int fd, uint64_t size_bytes, struct packed_image *out)
{
	uint64_t blocks = (size_bytes + VERITY_BLOCK_SIZE - 1) / VERITY_BLOCK_SIZE, block, count;
	struct holes holes;

	holes_init(&holes, fd, blocks);
	/* With fewer data blocks, the tree would end before the file. */
	for (block = verity_data_blocks_least(blocks); block < blocks; block += count) {
		if (holes_are_at(&holes, block, &count))
			continue;
		count = 1;
		if (!is_superblock(fd, block))
			continue;
		out->hash_offset = block * VERITY_BLOCK_SIZE;
		out->size_bytes = verity_total_blocks(block) * VERITY_BLOCK_SIZE;
		return true;
	}
	return false;
}
