/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Makes a huge verified image in no time: zeros (a sparse file), but for the first
 * and the last data block, with the hash tree that farroot pack would append.
 *
 *   zero-image DATA_BLOCKS FILE     prints the root hash
 */
#include "config.h"

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/verity/verity.h"

static int fd;

static void put(uint64_t block, const uint8_t *bytes)
{
	if (pwrite(fd, bytes, VERITY_BLOCK_SIZE, (off_t)(block * VERITY_BLOCK_SIZE)) !=
	    VERITY_BLOCK_SIZE)
		err(1, "write");
}

static void digest_of(const struct verity *v, const uint8_t *bytes, uint8_t *out)
{
	if (verity_digest(v, bytes, out))
		errx(1, "no digest");
}

/* Digests of the data blocks: two that differ, the others alike. */
static uint8_t *data_digests(const struct verity *v)
{
	uint8_t bytes[VERITY_BLOCK_SIZE] = { 0 }, zero[VERITY_DIGEST_SIZE];
	uint8_t *digests = malloc(v->data_blocks * VERITY_DIGEST_SIZE);
	uint64_t i, last = v->data_blocks - 1;

	if (!digests)
		errx(1, "out of memory");
	digest_of(v, bytes, zero);
	for (i = 1; i < last; i++)
		memcpy(digests + i * VERITY_DIGEST_SIZE, zero, sizeof zero);
	strcpy((char *)bytes, "the first block\n");
	put(0, bytes);
	digest_of(v, bytes, digests);
	strcpy((char *)bytes, "the last data block\n");
	put(last, bytes);
	digest_of(v, bytes, digests + last * VERITY_DIGEST_SIZE);
	return digests;
}

/* Writes one level of hash blocks; leaves their own digests in digests. */
static void put_level(const struct verity *v, unsigned level, uint8_t *digests,
		      uint64_t count)
{
	uint8_t bytes[VERITY_BLOCK_SIZE], before[VERITY_BLOCK_SIZE];
	uint8_t digest[VERITY_DIGEST_SIZE];
	uint64_t i, first, n;

	for (i = 0; i < v->level_blocks[level]; i++) {
		first = i * VERITY_FANOUT;
		n = count - first < VERITY_FANOUT ? count - first : VERITY_FANOUT;
		memset(bytes, 0, sizeof bytes);
		memcpy(bytes, digests + first * VERITY_DIGEST_SIZE, n * VERITY_DIGEST_SIZE);
		if (!i || memcmp(bytes, before, sizeof bytes))
			digest_of(v, bytes, digest);
		memcpy(before, bytes, sizeof bytes);
		put(v->level_start[level] + i, bytes);
		memcpy(digests + i * VERITY_DIGEST_SIZE, digest, sizeof digest);
	}
}

int main(int argc, char **argv)
{
	uint8_t salt[VERITY_PACK_SALT_SIZE], bytes[VERITY_BLOCK_SIZE], *digests;
	uint64_t data_blocks, count;
	struct verity v;
	unsigned i;

	if (argc != 3)
		errx(2, "usage: zero-image DATA_BLOCKS FILE");
	data_blocks = strtoull(argv[1], NULL, 10);
	verity_pack_salt(data_blocks, salt);
	if (data_blocks < 2 || verity_init(&v, data_blocks, salt, sizeof salt, NULL))
		errx(2, "%s: no number of blocks", argv[1]);
	fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		err(1, "%s", argv[2]);
	digests = data_digests(&v);
	count = data_blocks;
	for (i = 0; i < v.levels; i++) {
		put_level(&v, i, digests, count);
		count = v.level_blocks[i];
	}
	memcpy(v.root, digests, sizeof v.root);
	verity_superblock_write(&v, bytes);
	put(data_blocks, bytes);
	for (i = 0; i < sizeof v.root; i++)
		printf("%02x", v.root[i]);
	putchar('\n');
	verity_free(&v);
	free(digests);
	return close(fd) ? 1 : 0;
}
