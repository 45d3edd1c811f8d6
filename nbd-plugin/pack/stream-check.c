/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>

#include "engine/format/squashfs-superblock.h"
#include "engine/verity/verity.h"
#include "pack/packed-image.h"
#include "pack/stream-check.h"

static void look_for_tree(struct stream_check *c, const uint8_t *bytes, size_t size)
{
	uint64_t block = c->size / VERITY_BLOCK_SIZE;
	size_t at, length;

	for (at = 0; at < size; at += VERITY_BLOCK_SIZE, block++) {
		length = size - at < VERITY_SUPERBLOCK_FIXED ? size - at : VERITY_SUPERBLOCK_FIXED;
		if (verity_superblock_begins(bytes + at, length, block))
			c->tree_at = block;
	}
}

void stream_check_add(struct stream_check *c, const uint8_t *bytes, size_t size)
{
	struct squashfs_tables tables;

	if (bytes && !c->size && squashfs_superblock_tables(bytes, size, UINT64_MAX, &tables))
		c->squashfs_end = tables.end;
	if (bytes)
		look_for_tree(c, bytes, size);
	c->size += size;
}

int stream_check_end(const struct stream_check *c, const struct pack *p)
{
	uint64_t blocks = (c->size + VERITY_BLOCK_SIZE - 1) / VERITY_BLOCK_SIZE;
	struct packed_image found = {
		.hash_offset = c->tree_at * VERITY_BLOCK_SIZE,
		.size_bytes = verity_total_blocks(c->tree_at) * VERITY_BLOCK_SIZE,
	};

	if (!c->size)
		return -ENODATA;
	if (c->tree_at && c->tree_at >= verity_data_blocks_least(blocks))
		return pack_refuse(p, &found, c->size);
	return c->squashfs_end > c->size ? PACK_TRUNCATED : 0;
}
