/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The layout and the checks; that trees are those of veritysetup is for
 * test-pack-*.sh and the end-to-end tests, which use its own.
 */
#include "config.h"

#include <errno.h>

#include "check.h"
#include "engine/verity/verity.h"

#define B VERITY_BLOCK_SIZE

static const uint8_t salt[4] = { 1, 2, 3, 4 };
static const uint8_t root[32] = { 0xaa, 0xbb, [31] = 0xcc };

static void layout(void)
{
	struct verity v;
	unsigned index;

	CHECK_EQ(verity_init(&v, 1, salt, 4, root), 0);
	CHECK_EQ(v.levels, 0);
	CHECK_EQ(v.total_blocks, 2);
	CHECK_EQ(verity_parent(&v, 0, &index), VERITY_ROOT);
	verity_free(&v);

	CHECK_EQ(verity_init(&v, 128, salt, 4, root), 0);
	CHECK_EQ(v.levels, 1);
	CHECK_EQ(v.total_blocks, 130);
	CHECK_EQ(verity_parent(&v, 127, &index), 129);
	CHECK_EQ(index, 127);
	CHECK_EQ(verity_parent(&v, 129, &index), VERITY_ROOT);
	verity_free(&v);

	/* 16385 data, superblock 16385, top 16386, two, then 129 leaves. */
	CHECK_EQ(verity_init(&v, 16385, salt, 4, root), 0);
	CHECK_EQ(v.levels, 3);
	CHECK_EQ(v.level_blocks[0], 129);
	CHECK_EQ(v.level_blocks[1], 2);
	CHECK_EQ(v.level_blocks[2], 1);
	CHECK_EQ(v.level_start[2], 16386);
	CHECK_EQ(v.level_start[1], 16387);
	CHECK_EQ(v.level_start[0], 16389);
	CHECK_EQ(v.total_blocks, 16389 + 129);
	CHECK_EQ(verity_parent(&v, 16384, &index), 16389 + 128);
	CHECK_EQ(index, 0);
	CHECK_EQ(verity_parent(&v, 16389 + 128, &index), 16388);
	CHECK_EQ(index, 0);
	CHECK_EQ(verity_parent(&v, 16389 + 127, &index), 16387);
	CHECK_EQ(index, 127);
	CHECK_EQ(verity_parent(&v, 16388, &index), 16386);
	CHECK_EQ(index, 1);
	CHECK_EQ(verity_parent(&v, 16386, &index), VERITY_ROOT);
	verity_free(&v);
}

/* Every block but the superblock has one place for its digest, and each place
 * is used once.
 */
static void every_digest_has_a_place_of_its_own(void)
{
	static const uint64_t sizes[] = { 1, 2, 127, 128, 129, 16384, 16385, 40000 };
	static uint8_t used[42000][VERITY_FANOUT / 8];
	uint64_t block, parent;
	struct verity v;
	unsigned index;
	size_t i;

	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		memset(used, 0, sizeof used);
		CHECK_EQ(verity_init(&v, sizes[i], salt, 4, root), 0);
		for (block = 0; block < v.total_blocks; block++) {
			if (block == v.data_blocks)
				continue;
			parent = verity_parent(&v, block, &index);
			if (parent == VERITY_ROOT) {
				CHECK(block == v.data_blocks + 1 || v.total_blocks == 2);
				continue;
			}
			CHECK(parent > v.data_blocks && parent < v.total_blocks);
			CHECK(parent < block || block < v.data_blocks);
			CHECK(index < VERITY_FANOUT);
			CHECK(!(used[parent][index / 8] & 1 << index % 8));
			used[parent][index / 8] |= (uint8_t)(1 << index % 8);
		}
		verity_free(&v);
	}
}

static void size_tells_the_number_of_data_blocks(void)
{
	uint64_t n, total, next = 2, last_fit = 0;
	struct verity v;

	/* From data to total and back; totals in between fit none. */
	for (n = 1; n < 20000; n++) {
		CHECK_EQ(verity_init(&v, n, salt, 4, root), 0);
		CHECK_EQ(verity_data_blocks(v.total_blocks), n);
		CHECK_EQ(verity_total_blocks(n), v.total_blocks);
		for (total = next; total < v.total_blocks; total++) {
			CHECK_EQ(verity_data_blocks(total), 0);
			CHECK_EQ(verity_data_blocks_least(total), n);
		}
		CHECK_EQ(verity_data_blocks_least(v.total_blocks), n);
		next = v.total_blocks + 1;
		CHECK(v.total_blocks > last_fit);
		last_fit = v.total_blocks;
		verity_free(&v);
	}
	for (n = 1ULL << 32; n < 1ULL << 49; n = n * 3 + 1) {
		CHECK_EQ(verity_init(&v, n, salt, 4, root), 0);
		CHECK_EQ(verity_data_blocks(v.total_blocks), n);
		verity_free(&v);
	}
	CHECK_EQ(verity_data_blocks(0), 0);
	CHECK_EQ(verity_data_blocks(1), 0);
	CHECK_EQ(verity_data_blocks_least(0), 1);
	CHECK_EQ(verity_data_blocks_least(1), 1);
	CHECK_EQ(verity_data_blocks(UINT64_MAX), 0);
	CHECK_EQ(verity_init(&v, 0, salt, 4, root), -EINVAL);
	CHECK_EQ(verity_init(&v, UINT64_MAX, salt, 4, root), -EINVAL);
	CHECK_EQ(verity_init(&v, 5, salt, VERITY_SALT_MAX + 1, root), -EINVAL);
}

static void beginning_of_a_superblock(void)
{
	uint8_t bytes[VERITY_BLOCK_SIZE];
	struct verity v;
	size_t size;

	CHECK_EQ(verity_init(&v, 1000, salt, 4, root), 0);
	verity_superblock_write(&v, bytes);
	verity_free(&v);
	for (size = 0; size < 100; size++)
		CHECK_EQ(verity_superblock_begins(bytes, size, 1000), size >= 8);
	/* The number of data blocks begins at 72. */
	CHECK(verity_superblock_begins(bytes, 72, 1001));
	CHECK(!verity_superblock_begins(bytes, 73, 1001));
	/* Each byte counts, except those of the uuid and of the salt. */
	for (size = 0; size < 100; size++) {
		bytes[size] ^= 1;
		CHECK_EQ(verity_superblock_begins(bytes, sizeof bytes, 1000),
			 (size >= 16 && size < 32) || size >= 80);
		CHECK(size < 8 || verity_superblock_begins(bytes, size, 1000));
		bytes[size] ^= 1;
	}
}

static void superblock(void)
{
	/* Offset, what is written there, and what the message must hold. */
	static const struct {
		size_t offset;
		uint8_t byte;
		const char *says;
	} wrong[] = {
		{ 0, 'V', "no dm-verity superblock" }, { 6, 1, "no dm-verity superblock" },
		{ 8, 2, "version" }, { 12, 0, "version" }, { 32, 'S', "sha256" },
		{ 38, 'x', "sha256" }, { 64, 1, "4096" }, { 69, 2, "4096" },
		{ 81, 2, "salt" }, { 79, 0x80, "out of range" },
	};
	struct verity_superblock sb;
	uint8_t bytes[B], other[B];
	const char *why;
	struct verity v;
	size_t i;

	CHECK_EQ(verity_init(&v, 1000, salt, 4, root), 0);
	verity_superblock_write(&v, bytes);
	CHECK_EQ(verity_superblock_parse(bytes, B, &sb, &why), 0);
	CHECK_EQ(sb.data_blocks, 1000);
	CHECK_EQ(sb.salt_size, 4);
	CHECK(!memcmp(sb.salt, salt, 4));
	CHECK_EQ(verity_superblock_parse(bytes, 511, &sb, &why), -EINVAL);
	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		memcpy(other, bytes, B);
		other[wrong[i].offset] = wrong[i].byte;
		CHECK_EQ(verity_superblock_parse(other, B, &sb, &why), -EINVAL);
		CHECK_SAYS(why, wrong[i].says);
	}
	memcpy(other, bytes, B);
	memset(other + 72, 0, 8);
	CHECK_EQ(verity_superblock_parse(other, B, &sb, &why), -EINVAL);
	CHECK_SAYS(why, "out of range");
	verity_free(&v);
}

/* Root hash, salt and size determine all of it. */
static void superblock_is_canonical(void)
{
	uint8_t bytes[B], other[B];
	struct verity v, w;
	size_t i;

	CHECK_EQ(verity_init(&v, 1000, salt, 4, root), 0);
	verity_superblock_write(&v, bytes);
	CHECK_EQ(bytes[16], 0xaa);
	CHECK_EQ(bytes[16 + 6] >> 4, 8);	/* uuid version 8 */
	CHECK_EQ(bytes[16 + 8] >> 6, 2);	/* and variant */
	for (i = 0; i < B; i++) {
		memcpy(other, bytes, B);
		other[i] ^= 1;
		/* The uuid is not looked at, because it is not served. */
		CHECK_EQ(verity_check(&v, 1000, other, NULL), i >= 16 && i < 32);
	}
	CHECK_EQ(verity_init(&w, 1000, salt, 4, NULL), 0);
	memcpy(w.root, root, 32);
	verity_superblock_write(&w, other);
	CHECK(!memcmp(bytes, other, B));
	w.root[0] ^= 1;
	verity_superblock_write(&w, other);
	CHECK(memcmp(bytes, other, B) != 0);
	verity_free(&v);
	verity_free(&w);
}

static void salt_pins_the_size(void)
{
	uint8_t pack[VERITY_PACK_SALT_SIZE];
	struct verity v;

	verity_pack_salt(129, pack);
	CHECK(!memcmp(pack, "farroot1\x81\0\0\0\0\0\0", 16));
	CHECK_EQ(verity_init(&v, 129, pack, sizeof pack, root), 0);
	CHECK(v.size_is_pinned);
	verity_free(&v);
	CHECK_EQ(verity_init(&v, 128, pack, sizeof pack, root), -EINVAL);
	CHECK_EQ(verity_init(&v, 2, pack, sizeof pack, root), -EINVAL);
	/* A salt of another length or with another beginning is not a farroot salt. */
	CHECK_EQ(verity_init(&v, 128, pack, sizeof pack - 1, root), 0);
	CHECK(!v.size_is_pinned);
	verity_free(&v);
	pack[0] = 'F';
	CHECK_EQ(verity_init(&v, 128, pack, sizeof pack, root), 0);
	CHECK(!v.size_is_pinned);
	verity_free(&v);
}

/* A tree of 129 data blocks: leaf blocks 131+1, 131+2, top block 131. */
static uint8_t data[129][B], leaf[2][B], top[B];

static void build(struct verity *v, const uint8_t *s, size_t s_size)
{
	uint8_t digest[32];
	unsigned i;

	CHECK_EQ(verity_init(v, 129, s, s_size, NULL), 0);
	memset(leaf, 0, sizeof leaf);
	memset(top, 0, sizeof top);
	for (i = 0; i < 129; i++) {
		memset(data[i], (int)i, B);
		CHECK_EQ(verity_digest(v, data[i], leaf[i / 128] + i % 128 * 32), 0);
	}
	CHECK_EQ(verity_digest(v, leaf[0], top), 0);
	CHECK_EQ(verity_digest(v, leaf[1], top + 32), 0);
	CHECK_EQ(verity_digest(v, top, digest), 0);
	memcpy(v->root, digest, 32);
}

static void checks_each_level(void)
{
	struct verity v;

	build(&v, salt, 4);
	CHECK_EQ(v.level_start[1], 130);
	CHECK_EQ(v.level_start[0], 131);
	CHECK(verity_check(&v, 0, data[0], leaf[0]));
	CHECK(verity_check(&v, 127, data[127], leaf[0]));
	CHECK(verity_check(&v, 128, data[128], leaf[1]));
	CHECK(verity_check(&v, 131, leaf[0], top));
	CHECK(verity_check(&v, 132, leaf[1], top));
	CHECK(verity_check(&v, 130, top, NULL));
	/* Right bytes in the wrong place. */
	CHECK(!verity_check(&v, 1, data[0], leaf[0]));
	CHECK(!verity_check(&v, 131, leaf[1], top));
	CHECK(!verity_check(&v, 0, data[0], leaf[1]));
	CHECK(!verity_check(&v, 130, leaf[0], NULL));
	data[0][4095] ^= 1;
	CHECK(!verity_check(&v, 0, data[0], leaf[0]));
	leaf[1][33] ^= 1;
	CHECK(!verity_check(&v, 132, leaf[1], top));
	top[4000] ^= 1;
	CHECK(!verity_check(&v, 130, top, NULL));
	verity_free(&v);
}

/* A tree with the same root hash, one level lower: its "data" are the leaves.
 * Nothing but the size tells the two apart, so the salt has to pin it.
 */
static void levels_can_not_be_confused(void)
{
	uint8_t pack[VERITY_PACK_SALT_SIZE];
	struct verity v, lower;

	build(&v, salt, 4);
	CHECK_EQ(verity_init(&lower, 2, salt, 4, v.root), 0);
	CHECK(verity_check(&lower, 3, top, NULL));	/* the attack, unpinned */
	CHECK(verity_check(&lower, 0, leaf[0], top));
	verity_free(&lower);
	verity_free(&v);
	verity_pack_salt(129, pack);
	build(&v, pack, sizeof pack);
	CHECK_EQ(verity_init(&lower, 2, pack, sizeof pack, v.root), -EINVAL);
	/* And with a salt that names 2 the root hash is another one. */
	verity_pack_salt(2, pack);
	CHECK_EQ(verity_init(&lower, 2, pack, sizeof pack, v.root), 0);
	CHECK(!verity_check(&lower, 3, top, NULL));
	verity_free(&lower);
	verity_free(&v);
}

int main(void)
{
	layout();
	every_digest_has_a_place_of_its_own();
	size_tells_the_number_of_data_blocks();
	beginning_of_a_superblock();
	superblock();
	superblock_is_canonical();
	salt_pins_the_size();
	checks_each_level();
	levels_can_not_be_confused();
	return 0;
}
