/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * dm-verity's on-disk format, version 1, SHA-256, 4096-byte data and hash blocks: the
 * layout of the tree and the check of one block.  No I/O and no locks; nothing blocks.
 * Any thread may call any function at any time, except verity_init and verity_free, which
 * need v for themselves.
 *
 * Source of the format: Documentation/admin-guide/device-mapper/verity.rst in
 * the kernel and "dm-verity on-disk specification" in the cryptsetup wiki.
 *
 * An image is   data blocks | superblock (1 block) | tree, top level first
 *               0 … n-1       n                      n+1 … T-1
 *
 * All block numbers count 4096-byte blocks from the start of the image, so a hash block
 * is named, fetched and stored like any other block.  Each block except the superblock
 * has its digest in exactly one place: in its parent block or in the root hash.
 *
 * The root hash covers salt || top block.  It does not cover the number of data
 * blocks, so an origin could present a tree of another height and pass hash
 * blocks off as data.  farroot pack therefore puts the number of data blocks
 * into the salt (VERITY_SALT_MAGIC, then the number as 64 bits little endian);
 * a salt of this form that names another number is refused.  An image that was made by
 * veritysetup has a random salt: size= pins its size.
 *
 * No hash covers the uuid field.  farroot pack derives the uuid from the root hash, and
 * the engine always serves the canonical superblock that verity_superblock_write makes.
 * So no unverified byte is served, not even these 16.
 */
#ifndef FARROOT_VERITY_H
#define FARROOT_VERITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERITY_BLOCK_SIZE 4096
#define VERITY_DIGEST_SIZE 32
#define VERITY_FANOUT (VERITY_BLOCK_SIZE / VERITY_DIGEST_SIZE)
#define VERITY_SALT_MAX 256
#define VERITY_MAX_LEVELS 9
#define VERITY_SALT_MAGIC "farroot1"	/* 8 bytes, no NUL */
#define VERITY_PACK_SALT_SIZE 16
#define VERITY_ROOT UINT64_MAX		/* the parent of the top block */

struct verity {
	uint64_t data_blocks;		/* n; also the superblock's number */
	uint64_t total_blocks;		/* T */
	unsigned levels;		/* 0 when n == 1: the root hash is its digest */
	uint64_t level_start[VERITY_MAX_LEVELS];  /* [0] = digests of data blocks */
	uint64_t level_blocks[VERITY_MAX_LEVELS];
	uint8_t root[VERITY_DIGEST_SIZE];
	uint8_t salt[VERITY_SALT_MAX];
	size_t salt_size;
	bool size_is_pinned;		/* the salt names data_blocks */
	void *md;			/* EVP_MD, fetched once */
};

/* The fields of a superblock that vary. */
struct verity_superblock {
	uint64_t data_blocks;
	uint8_t salt[VERITY_SALT_MAX];
	size_t salt_size;
};

/* Parses untrusted bytes; fewer than 512 are an error.  Returns 0, or -EINVAL with a
 * constant text in *why that names the wrong field (farroot accepts version 1, sha256 and
 * 4096-byte blocks).
 */
int verity_superblock_parse(const uint8_t *bytes, size_t size,
			    struct verity_superblock *out, const char **why);

/* Returns whether size bytes, of which the first VERITY_SUPERBLOCK_FIXED count, are the
 * beginning of a superblock as verity_superblock_parse wants it, and name data_blocks.
 * Fewer than the 8 bytes of the signature are not.
 */
#define VERITY_SUPERBLOCK_FIXED 80
bool verity_superblock_begins(const uint8_t *bytes, size_t size, uint64_t data_blocks);

/* Writes the canonical superblock of v: 4096 bytes, with a uuid from the root hash. */
void verity_superblock_write(const struct verity *v, uint8_t out[VERITY_BLOCK_SIZE]);

/* Returns the number of data blocks of an image of total_blocks blocks (data, superblock
 * and tree), or 0 if no number of data blocks gives this total.
 */
uint64_t verity_data_blocks(uint64_t total_blocks);
/* Returns the least number of data blocks, at least 1, of an image of total_blocks blocks or
 * more.  total_blocks must fit into a file.
 */
uint64_t verity_data_blocks_least(uint64_t total_blocks);
/* Returns the number of blocks of data, superblock and tree. */
uint64_t verity_total_blocks(uint64_t data_blocks);

/* Computes the layout and copies salt and root.  root may be NULL while a tree is built.
 * Returns 0; -EINVAL (data_blocks 0 or too large, salt too long, or a farroot salt that
 * names another size); -ENOMEM.  Free v with verity_free.
 */
int verity_init(struct verity *v, uint64_t data_blocks, const uint8_t *salt,
		size_t salt_size, const uint8_t *root);
/* A zeroed v and a second call are fine. */
void verity_free(struct verity *v);

/* Writes the salt that pins data_blocks, VERITY_PACK_SALT_SIZE bytes. */
void verity_pack_salt(uint64_t data_blocks, uint8_t out[VERITY_PACK_SALT_SIZE]);

/* Returns the number of the block that holds the digest of block, and its index there in
 * *index; VERITY_ROOT for the top block.  block must be less than total_blocks and must
 * not be the superblock.
 */
uint64_t verity_parent(const struct verity *v, uint64_t block, unsigned *index);

/* Returns the first block whose digest is in this hash block, and how many follow one another from
 * there in *count, 1 to VERITY_FANOUT.  block must be a hash block.
 */
uint64_t verity_children(const struct verity *v, uint64_t block, uint64_t *count);

/* Computes the digest of salt || bytes.  Returns 0 or -ENOMEM. */
int verity_digest(const struct verity *v, const uint8_t bytes[VERITY_BLOCK_SIZE],
		  uint8_t out[VERITY_DIGEST_SIZE]);

/* Returns whether digest is the digest that block must have.  block must not be the
 * superblock.  parent: see verity_check.
 */
bool verity_check_digest(const struct verity *v, uint64_t block,
			 const uint8_t digest[VERITY_DIGEST_SIZE], const uint8_t *parent);

/* Returns whether bytes is the content that block must have.  parent: the verified bytes of
 * the block verity_parent(); NULL for the top block.  For the superblock, checks all
 * fields except the uuid: serve the canonical superblock instead.  false if out of memory.
 */
bool verity_check(const struct verity *v, uint64_t block,
		  const uint8_t bytes[VERITY_BLOCK_SIZE], const uint8_t *parent);

#endif
