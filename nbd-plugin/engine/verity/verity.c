/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "engine/verity/verity.h"

/* struct verity_sb of cryptsetup, byte for byte; integers little endian. */
struct superblock_bytes {
	uint8_t signature[8];
	uint32_t version;
	uint32_t hash_type;
	uint8_t uuid[16];
	char algorithm[32];
	uint32_t data_block_size;
	uint32_t hash_block_size;
	uint64_t data_blocks;
	uint16_t salt_size;
	uint8_t pad1[6];
	uint8_t salt[VERITY_SALT_MAX];
	uint8_t pad2[168];
} __attribute__((packed));

_Static_assert(sizeof(struct superblock_bytes) == 512, "as on disk");
_Static_assert(offsetof(struct superblock_bytes, salt_size) == VERITY_SUPERBLOCK_FIXED, "its beginning");

/* With more, an offset within data and tree would not fit into signed 64 bits. */
#define DATA_BLOCKS_MAX ((uint64_t)INT64_MAX / VERITY_BLOCK_SIZE / 2)

static const uint8_t signature[8] = "verity\0";

int verity_superblock_parse(const uint8_t *bytes, size_t size,
			    struct verity_superblock *out, const char **why)
{
	struct superblock_bytes sb;

	*why = "no dm-verity superblock at the expected offset";
	if (size < sizeof sb)
		return -EINVAL;
	memcpy(&sb, bytes, sizeof sb);
	if (memcmp(sb.signature, signature, sizeof signature))
		return -EINVAL;
	*why = "dm-verity format is not version 1, type 1";
	if (le32toh(sb.version) != 1 || le32toh(sb.hash_type) != 1)
		return -EINVAL;
	*why = "dm-verity hash is not sha256";
	if (strncmp(sb.algorithm, "sha256", sizeof sb.algorithm))
		return -EINVAL;
	*why = "dm-verity block sizes are not 4096";
	if (le32toh(sb.data_block_size) != VERITY_BLOCK_SIZE ||
	    le32toh(sb.hash_block_size) != VERITY_BLOCK_SIZE)
		return -EINVAL;
	*why = "dm-verity salt is too long";
	if (le16toh(sb.salt_size) > VERITY_SALT_MAX)
		return -EINVAL;
	*why = "dm-verity number of data blocks is out of range";
	out->data_blocks = le64toh(sb.data_blocks);
	if (!out->data_blocks || out->data_blocks > DATA_BLOCKS_MAX)
		return -EINVAL;
	*why = NULL;
	out->salt_size = le16toh(sb.salt_size);
	memcpy(out->salt, sb.salt, sizeof out->salt);
	return 0;
}

bool verity_superblock_begins(const uint8_t *bytes, size_t size, uint64_t data_blocks)
{
	const size_t uuid = offsetof(struct superblock_bytes, uuid);
	const size_t after = offsetof(struct superblock_bytes, algorithm);
	const struct verity v = { .data_blocks = data_blocks };
	uint8_t ours[VERITY_BLOCK_SIZE];

	if (size < sizeof signature)
		return false;
	if (size > VERITY_SUPERBLOCK_FIXED)
		size = VERITY_SUPERBLOCK_FIXED;
	verity_superblock_write(&v, ours);
	return !memcmp(bytes, ours, size < uuid ? size : uuid) &&
	       (size <= after || !memcmp(bytes + after, ours + after, size - after));
}

void verity_superblock_write(const struct verity *v, uint8_t out[VERITY_BLOCK_SIZE])
{
	struct superblock_bytes sb = {
		.version = htole32(1),
		.hash_type = htole32(1),
		.algorithm = "sha256",
		.data_block_size = htole32(VERITY_BLOCK_SIZE),
		.hash_block_size = htole32(VERITY_BLOCK_SIZE),
		.data_blocks = htole64(v->data_blocks),
		.salt_size = htole16((uint16_t)v->salt_size),
	};

	memcpy(sb.signature, signature, sizeof signature);
	memcpy(sb.salt, v->salt, v->salt_size);
	/* RFC 9562: version 8 is for private formats. */
	memcpy(sb.uuid, v->root, sizeof sb.uuid);
	sb.uuid[6] = (uint8_t)((sb.uuid[6] & 0x0f) | 0x80);
	sb.uuid[8] = (uint8_t)((sb.uuid[8] & 0x3f) | 0x80);
	memset(out, 0, VERITY_BLOCK_SIZE);
	memcpy(out, &sb, sizeof sb);
}

static uint64_t parents_of(uint64_t blocks)
{
	return (blocks + VERITY_FANOUT - 1) / VERITY_FANOUT;
}

uint64_t verity_total_blocks(uint64_t data_blocks)
{
	uint64_t total = data_blocks + 1, level = data_blocks;

	while (level > 1) {
		level = parents_of(level);
		total += level;
	}
	return total;
}

uint64_t verity_data_blocks_least(uint64_t total_blocks)
{
	uint64_t low = 1, high = total_blocks > 1 ? total_blocks : 1, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (verity_total_blocks(middle) < total_blocks)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t verity_data_blocks(uint64_t total_blocks)
{
	uint64_t least;

	if (total_blocks < 2 || total_blocks > verity_total_blocks(DATA_BLOCKS_MAX))
		return 0;
	/* The total increases strictly, so at most one number fits. */
	least = verity_data_blocks_least(total_blocks);
	return verity_total_blocks(least) == total_blocks ? least : 0;
}

static void lay_out(struct verity *v)
{
	uint64_t blocks = v->data_blocks, start = v->data_blocks + 1;
	unsigned level;

	while (blocks > 1) {
		blocks = parents_of(blocks);
		v->level_blocks[v->levels++] = blocks;
	}
	for (level = v->levels; level-- > 0; start += v->level_blocks[level])
		v->level_start[level] = start;
	v->total_blocks = start;
}

/* Returns whether the salt has farroot's form, and then the number that it names. */
static bool salt_names_size(const uint8_t *salt, size_t salt_size, uint64_t *data_blocks)
{
	uint64_t number;

	if (salt_size != VERITY_PACK_SALT_SIZE || memcmp(salt, VERITY_SALT_MAGIC, 8))
		return false;
	memcpy(&number, salt + 8, sizeof number);
	*data_blocks = le64toh(number);
	return true;
}

int verity_init(struct verity *v, uint64_t data_blocks, const uint8_t *salt,
		size_t salt_size, const uint8_t *root)
{
	uint64_t named;

	memset(v, 0, sizeof *v);
	if (!data_blocks || data_blocks > DATA_BLOCKS_MAX || salt_size > VERITY_SALT_MAX)
		return -EINVAL;
	if (salt_names_size(salt, salt_size, &named)) {
		if (named != data_blocks)
			return -EINVAL;
		v->size_is_pinned = true;
	}
	v->data_blocks = data_blocks;
	memcpy(v->salt, salt, salt_size);
	v->salt_size = salt_size;
	if (root)
		memcpy(v->root, root, sizeof v->root);
	lay_out(v);
	v->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	return v->md ? 0 : -ENOMEM;
}

void verity_free(struct verity *v)
{
	EVP_MD_free(v->md);
	v->md = NULL;
}

void verity_pack_salt(uint64_t data_blocks, uint8_t out[VERITY_PACK_SALT_SIZE])
{
	uint64_t number = htole64(data_blocks);

	memcpy(out, VERITY_SALT_MAGIC, 8);
	memcpy(out + 8, &number, sizeof number);
}

uint64_t verity_parent(const struct verity *v, uint64_t block, unsigned *index)
{
	uint64_t place = block;	/* within its level */
	unsigned above = 0;	/* the level that holds its digest */

	if (block > v->data_blocks) {
		/* Upper levels come first. */
		while (block < v->level_start[above])
			above++;
		place = block - v->level_start[above];
		above++;
	}
	if (above == v->levels)
		return VERITY_ROOT;
	*index = (unsigned)(place % VERITY_FANOUT);
	return v->level_start[above] + place / VERITY_FANOUT;
}

uint64_t verity_children(const struct verity *v, uint64_t block, uint64_t *count)
{
	uint64_t below = v->data_blocks, first;
	unsigned level = 0;

	/* Upper levels come first. */
	while (block < v->level_start[level])
		level++;
	first = (block - v->level_start[level]) * VERITY_FANOUT;
	if (level)
		below = v->level_blocks[level - 1];
	*count = below - first < VERITY_FANOUT ? below - first : VERITY_FANOUT;
	return first + (level ? v->level_start[level - 1] : 0);
}

int verity_digest(const struct verity *v, const uint8_t bytes[VERITY_BLOCK_SIZE],
		  uint8_t out[VERITY_DIGEST_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex2(ctx, v->md, NULL) &&
		  EVP_DigestUpdate(ctx, v->salt, v->salt_size) &&
		  EVP_DigestUpdate(ctx, bytes, VERITY_BLOCK_SIZE) &&
		  EVP_DigestFinal_ex(ctx, out, NULL);

	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -ENOMEM;
}

/* Compares all fields except the uuid, which no hash covers. */
static bool superblock_is(const struct verity *v, const uint8_t bytes[VERITY_BLOCK_SIZE])
{
	const size_t uuid = offsetof(struct superblock_bytes, uuid);
	const size_t after = offsetof(struct superblock_bytes, algorithm);
	uint8_t ours[VERITY_BLOCK_SIZE];

	verity_superblock_write(v, ours);
	return !memcmp(ours, bytes, uuid) &&
	       !memcmp(ours + after, bytes + after, VERITY_BLOCK_SIZE - after);
}

bool verity_check_digest(const struct verity *v, uint64_t block,
			 const uint8_t digest[VERITY_DIGEST_SIZE], const uint8_t *parent)
{
	const uint8_t *expected = v->root;
	unsigned index;

	if (verity_parent(v, block, &index) != VERITY_ROOT)
		expected = parent + (size_t)index * VERITY_DIGEST_SIZE;
	return !CRYPTO_memcmp(digest, expected, VERITY_DIGEST_SIZE);
}

bool verity_check(const struct verity *v, uint64_t block,
		  const uint8_t bytes[VERITY_BLOCK_SIZE], const uint8_t *parent)
{
	uint8_t digest[VERITY_DIGEST_SIZE];

	if (block == v->data_blocks)
		return superblock_is(v, bytes);
	return !verity_digest(v, bytes, digest) &&
	       verity_check_digest(v, block, digest, parent);
}
