/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * dm-verity's on-disk format, version 1, SHA-256, 4096-byte data and hash
 * blocks: the layout of the tree and the check of one block.  Pure: no I/O, no
 * locks, no allocation after verity_init; every function but init and free may
 * run in any thread at once.
 *
 * Source of the format: Documentation/admin-guide/device-mapper/verity.rst in
 * the kernel and "dm-verity on-disk specification" in the cryptsetup wiki.
 *
 * An image is   data blocks | superblock (1 block) | tree, top level first
 *               0 … n-1       n                      n+1 … T-1
 *
 * All block numbers here count 4096-byte blocks from the start of the image, so
 * that a hash block is named, fetched and stored like any other block.  Each
 * block but the superblock has its digest in one place: in a parent block, or
 * in the root hash.
 *
 * The root hash covers salt || top block.  It does not cover the number of data
 * blocks, so an origin could present a tree of other height and pass hash
 * blocks off as data.  farroot pack therefore puts the number of data blocks
 * into the salt (VERITY_SALT_MAGIC, then the number as 64 bits little endian);
 * a salt of this form that names another number is refused.  Images made by
 * veritysetup have a random salt: size= pins those.
 *
 * The uuid field is covered by nothing.  farroot pack derives it from the root
 * hash, and the superblock that is served is always the canonical one that
 * verity_superblock_write makes: no unverified byte, not even those 16.
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

/* What the 512 bytes of a superblock say. */
struct verity_superblock {
	uint64_t data_blocks;
	uint8_t salt[VERITY_SALT_MAX];
	size_t salt_size;
};

/* Reads untrusted bytes.  size >= 512.  On -EINVAL *why is a static text that
 * says which field is not what farroot takes (version 1, sha256, 4096/4096).
 */
int verity_superblock_parse(const uint8_t *bytes, size_t size,
			    struct verity_superblock *out, const char **why);

/* The canonical superblock of v: 4096 bytes, uuid derived from the root hash. */
void verity_superblock_write(const struct verity *v, uint8_t out[VERITY_BLOCK_SIZE]);

/* The number of data blocks of an image of total_blocks blocks (data,
 * superblock and tree), or 0 if no number fits.
 */
uint64_t verity_data_blocks(uint64_t total_blocks);

/* Sets up the layout.  root may be NULL while a tree is being built.
 * Returns 0, -EINVAL (data_blocks 0 or absurd, salt too long, or a farroot salt
 * that names another size) or -ENOMEM.
 */
int verity_init(struct verity *v, uint64_t data_blocks, const uint8_t *salt,
		size_t salt_size, const uint8_t *root);
void verity_free(struct verity *v);

/* Fills VERITY_PACK_SALT_SIZE bytes: the salt that pins data_blocks. */
void verity_pack_salt(uint64_t data_blocks, uint8_t out[VERITY_PACK_SALT_SIZE]);

/* Where the digest of block is: the parent's number (VERITY_ROOT for the top
 * block) and its index there.  block must not be the superblock and must be
 * < total_blocks.
 */
uint64_t verity_parent(const struct verity *v, uint64_t block, unsigned *index);

/* Digest of salt || bytes.  Returns 0 or -ENOMEM. */
int verity_digest(const struct verity *v, const uint8_t bytes[VERITY_BLOCK_SIZE],
		  uint8_t out[VERITY_DIGEST_SIZE]);

/* Is digest that of what block must be?  Not of the superblock. */
bool verity_check_digest(const struct verity *v, uint64_t block,
			 const uint8_t digest[VERITY_DIGEST_SIZE], const uint8_t *parent);

/* Is bytes what block must be?  parent: the verified bytes of verity_parent();
 * NULL for the top block.  Of the superblock, all but the uuid is checked: serve
 * the canonical one in its place.
 */
bool verity_check(const struct verity *v, uint64_t block,
		  const uint8_t bytes[VERITY_BLOCK_SIZE], const uint8_t *parent);

#endif
