/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/atomic-bitmap.h"
#include "engine/verity/disk-check.h"

struct disk_check {
	const struct verity *verity;
	uint8_t (*digests)[VERITY_DIGEST_SIZE];	/* of each block that is known */
	struct atomic_bitmap known;
};

static size_t digests_bytes(const struct disk_check *c)
{
	return (size_t)c->verity->total_blocks * VERITY_DIGEST_SIZE;
}

int disk_check_new(const struct verity *verity, struct disk_check **out)
{
	struct disk_check *c = calloc(1, sizeof *c);
	void *map;

	if (!c)
		return -ENOMEM;
	c->verity = verity;
	/* What is never written to costs no memory. */
	map = mmap(NULL, digests_bytes(c), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED) {
		free(c);
		return -ENOMEM;
	}
	c->digests = map;
	if (bitmap_init(&c->known, verity->total_blocks)) {
		disk_check_free(c);
		return -ENOMEM;
	}
	*out = c;
	return 0;
}

void disk_check_free(struct disk_check *c)
{
	if (!c)
		return;
	bitmap_free(&c->known);
	munmap(c->digests, digests_bytes(c));
	free(c);
}

void disk_check_learn(struct disk_check *c, uint64_t block, const uint8_t bytes[VERITY_BLOCK_SIZE])
{
	uint64_t count, first = verity_children(c->verity, block, &count), i;

	for (i = 0; i < count; i++) {
		/* The same digest again, while readers may look at it. */
		if (bitmap_test(&c->known, first + i))
			continue;
		memcpy(c->digests[first + i], bytes + i * VERITY_DIGEST_SIZE, VERITY_DIGEST_SIZE);
		bitmap_set(&c->known, first + i);
	}
}

static bool is_right(const struct disk_check *c, uint64_t block, const uint8_t bytes[VERITY_BLOCK_SIZE])
{
	uint8_t digest[VERITY_DIGEST_SIZE], own[VERITY_BLOCK_SIZE];
	unsigned index;

	if (block == c->verity->data_blocks) {
		verity_superblock_write(c->verity, own);
		return !memcmp(bytes, own, sizeof own);
	}
	if (verity_digest(c->verity, bytes, digest))
		return false;
	if (verity_parent(c->verity, block, &index) == VERITY_ROOT)
		return verity_check_digest(c->verity, block, digest, NULL);
	return bitmap_test(&c->known, block) && !memcmp(digest, c->digests[block], sizeof digest);
}

/* A part of one block. */
static int read_part(const struct disk_check *c, struct store *store, uint8_t *buf, uint64_t offset, uint32_t count)
{
	uint64_t block = offset / STORE_BLOCK;
	uint8_t bytes[STORE_BLOCK];

	if (store_read(store, bytes, block * STORE_BLOCK, STORE_BLOCK) || !is_right(c, block, bytes))
		return -EAGAIN;
	memcpy(buf, bytes + offset % STORE_BLOCK, count);
	return 0;
}

int disk_check_read(struct disk_check *c, struct store *store, void *buf, uint64_t offset, uint32_t count)
{
	uint64_t at = offset, end = offset + count;
	uint8_t *to = buf;
	uint32_t length;

	if (!c)
		return store_read(store, buf, offset, count);
	/* Whole blocks are read at once, and those at the ends that are not whole by themselves. */
	if (at % STORE_BLOCK || end - at < STORE_BLOCK) {
		length = (uint32_t)(STORE_BLOCK - at % STORE_BLOCK < end - at ? STORE_BLOCK - at % STORE_BLOCK : end - at);
		if (read_part(c, store, to, at, length))
			return -EAGAIN;
		at += length;
	}
	if (end % STORE_BLOCK && end > at) {
		length = (uint32_t)(end % STORE_BLOCK);
		if (read_part(c, store, to + (end - length - offset), end - length, length))
			return -EAGAIN;
		end -= length;
	}
	if (end <= at)
		return 0;
	if (store_read(store, to + (at - offset), at, (uint32_t)(end - at)))
		return -EAGAIN;
	for (; at < end; at += STORE_BLOCK)
		if (!is_right(c, at / STORE_BLOCK, to + (at - offset)))
			return -EAGAIN;
	return 0;
}
