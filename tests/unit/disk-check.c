/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine/verity/disk-check.h"

/* Three levels, and the last block of each is not full. */
#define DATA (VERITY_FANOUT * VERITY_FANOUT + 3)

static struct verity verity;
static struct store *store;
static struct disk_check *check;
static uint8_t (*tree)[VERITY_BLOCK_SIZE];	/* from the superblock's number on */

static void data_block(uint64_t block, uint8_t out[VERITY_BLOCK_SIZE])
{
	memset(out, (int)(block % 251), VERITY_BLOCK_SIZE);
	memcpy(out, &block, sizeof block);
}

static uint8_t *tree_block(uint64_t block)
{
	return tree[block - DATA];
}

static void put_digest(uint64_t block, const uint8_t bytes[VERITY_BLOCK_SIZE])
{
	unsigned index;
	uint64_t parent = verity_parent(&verity, block, &index);
	uint8_t digest[VERITY_DIGEST_SIZE];

	CHECK_EQ(verity_digest(&verity, bytes, digest), 0);
	memcpy(parent == VERITY_ROOT ? verity.root : tree_block(parent) + index * VERITY_DIGEST_SIZE, digest, sizeof digest);
}

static void build(void)
{
	static const uint8_t zeroes[VERITY_DIGEST_SIZE];
	uint8_t bytes[VERITY_BLOCK_SIZE];
	uint64_t block;
	unsigned level;

	CHECK_EQ(verity_init(&verity, DATA, zeroes, 16, zeroes), 0);
	CHECK_EQ(verity.levels, 3);
	tree = calloc(verity.total_blocks - DATA, VERITY_BLOCK_SIZE);
	CHECK(tree);
	for (block = 0; block < DATA; block++) {
		data_block(block, bytes);
		put_digest(block, bytes);
	}
	for (level = 0; level < verity.levels; level++)
		for (block = verity.level_start[level]; block < verity.level_start[level] + verity.level_blocks[level]; block++)
			put_digest(block, tree_block(block));
	verity_superblock_write(&verity, tree_block(DATA));
}

static const uint8_t *right_bytes(uint64_t block)
{
	static uint8_t bytes[VERITY_BLOCK_SIZE];

	if (block >= DATA)
		return tree_block(block);
	data_block(block, bytes);
	return bytes;
}

static int read_block(uint64_t block)
{
	uint8_t bytes[VERITY_BLOCK_SIZE];
	int ret = disk_check_read(check, store, bytes, block * VERITY_BLOCK_SIZE, sizeof bytes);

	if (ret == 0)
		CHECK(!memcmp(bytes, right_bytes(block), sizeof bytes));
	return ret;
}

/* The first and the last of each level, and those at the edges of a parent. */
static const uint64_t samples[] = {
	0, 1, VERITY_FANOUT - 1, VERITY_FANOUT, DATA - 4, DATA - 3, DATA - 1,
	DATA /* the superblock */, DATA + 1 /* the top */, DATA + 2, DATA + 3, DATA + 4,
	DATA + 3 + VERITY_FANOUT, DATA + 4 + VERITY_FANOUT,
};
#define SAMPLES (sizeof samples / sizeof samples[0])

static void each_level_is_checked(void)
{
	uint8_t bytes[VERITY_BLOCK_SIZE];
	uint64_t block;
	size_t i;

	CHECK_EQ(verity.total_blocks - 1, samples[SAMPLES - 1]);
	for (i = 0; i < SAMPLES; i++) {
		CHECK_EQ(read_block(samples[i]), -EAGAIN);
		store_put(store, samples[i], 1, right_bytes(samples[i]));
	}
	/* What no hash block has told is not served, except the two that need none. */
	for (i = 0; i < SAMPLES; i++)
		CHECK_EQ(read_block(samples[i]), samples[i] == DATA || samples[i] == DATA + 1 ? 0 : -EAGAIN);
	for (block = DATA + 1; block < verity.total_blocks; block++)
		disk_check_learn(check, block, tree_block(block));
	for (i = 0; i < SAMPLES; i++) {
		CHECK_EQ(read_block(samples[i]), 0);
		memcpy(bytes, right_bytes(samples[i]), sizeof bytes);
		bytes[4095] ^= 1;
		store_put(store, samples[i], 1, bytes);
		CHECK_EQ(read_block(samples[i]), -EAGAIN);
		store_put(store, samples[i], 1, right_bytes(samples[i]));
	}
}

/* Reads begin and end anywhere. */
static void parts_of_blocks(void)
{
	static const struct {
		uint64_t offset;
		uint32_t count;
	} reads[] = {
		{ 0, 4096 }, { 0, 1 }, { 4095, 1 }, { 4095, 2 }, { 100, 50 }, { 1000, 4096 }, { 0, 8192 },
		{ 10, 12278 }, { 4096, 8000 }, { 4000, 96 }, { 4000, 97 }, { 8191, 4097 },
	};
	uint8_t all[4 * VERITY_BLOCK_SIZE], got[sizeof all];
	size_t i, n;

	for (i = 0; i < 4; i++) {
		memcpy(all + i * VERITY_BLOCK_SIZE, right_bytes(i), VERITY_BLOCK_SIZE);
		store_put(store, i, 1, right_bytes(i));
	}
	for (n = 0; n < sizeof reads / sizeof reads[0]; n++) {
		CHECK_EQ(disk_check_read(check, store, got, reads[n].offset, reads[n].count), 0);
		CHECK(!memcmp(got, all + reads[n].offset, reads[n].count));
	}
	/* A fault beside the part counts, too: the digest is that of the whole block. */
	all[2 * VERITY_BLOCK_SIZE] ^= 1;
	store_put(store, 2, 1, all + 2 * VERITY_BLOCK_SIZE);
	for (n = 0; n < sizeof reads / sizeof reads[0]; n++)
		CHECK_EQ(disk_check_read(check, store, got, reads[n].offset, reads[n].count),
			 reads[n].offset + reads[n].count > 2 * VERITY_BLOCK_SIZE ? -EAGAIN : 0);
	/* Without a check, the store alone counts. */
	CHECK_EQ(disk_check_read(NULL, store, got, 0, sizeof got), 0);
}

int main(void)
{
	uint64_t size;

	build();
	size = verity.total_blocks * VERITY_BLOCK_SIZE;
	CHECK_EQ(store_new(NULL, NULL, &store), 0);
	CHECK_EQ(store_set_size(store, size, size), 0);
	CHECK_EQ(disk_check_new(&verity, &check), 0);
	each_level_is_checked();
	parts_of_blocks();
	disk_check_free(check);
	store_free(store);
	free(tree);
	verity_free(&verity);
	return 0;
}
