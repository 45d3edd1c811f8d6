/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/verity/verity-build.h"

#define PARENTS_AT_ONCE 16
#define RUN_BLOCKS ((uint64_t)PARENTS_AT_ONCE * VERITY_FANOUT)

static int read_blocks(int fd, uint8_t *bytes, uint64_t block, uint64_t count)
{
	size_t left = (size_t)count * VERITY_BLOCK_SIZE;
	off_t at = (off_t)(block * VERITY_BLOCK_SIZE);
	ssize_t got;

	while (left) {
		got = pread(fd, bytes, left, at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -ENODATA;
		bytes += got;
		at += got;
		left -= (size_t)got;
	}
	return 0;
}

static int write_blocks(int fd, const uint8_t *bytes, uint64_t block, uint64_t count)
{
	size_t left = (size_t)count * VERITY_BLOCK_SIZE;
	off_t at = (off_t)(block * VERITY_BLOCK_SIZE);
	ssize_t put;

	while (left) {
		put = pwrite(fd, bytes, left, at);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		bytes += put;
		at += put;
		left -= (size_t)put;
	}
	return 0;
}

/* Writes the digests of count blocks into hash blocks, padded with zeroes. */
static int digest_run(const struct verity *v, const uint8_t *bytes, uint64_t count,
		      uint8_t *parents)
{
	uint64_t i;
	int err = 0;

	memset(parents, 0, PARENTS_AT_ONCE * VERITY_BLOCK_SIZE);
	for (i = 0; i < count && !err; i++)
		err = verity_digest(v, bytes + i * VERITY_BLOCK_SIZE,
				    parents + i * VERITY_DIGEST_SIZE);
	return err;
}

/* Builds one level from the blocks below it. */
static int build_level(const struct verity *v, int fd, uint64_t below, uint64_t count,
		       uint64_t level_start, uint8_t *bytes, uint8_t *parents)
{
	uint64_t done = 0, run, parent_count;
	int err = 0;

	while (done < count && !err) {
		run = count - done < RUN_BLOCKS ? count - done : RUN_BLOCKS;
		parent_count = (run + VERITY_FANOUT - 1) / VERITY_FANOUT;
		err = read_blocks(fd, bytes, below + done, run);
		if (!err)
			err = digest_run(v, bytes, run, parents);
		if (!err)
			err = write_blocks(fd, parents, level_start + done / VERITY_FANOUT,
					   parent_count);
		done += run;
	}
	return err;
}

int verity_build(struct verity *v, int fd)
{
	uint8_t *bytes = malloc(RUN_BLOCKS * VERITY_BLOCK_SIZE);
	uint8_t *parents = malloc(PARENTS_AT_ONCE * VERITY_BLOCK_SIZE);
	uint64_t below = 0, count = v->data_blocks;
	unsigned level;
	int err = bytes && parents ? 0 : -ENOMEM;

	for (level = 0; level < v->levels && !err; level++) {
		err = build_level(v, fd, below, count, v->level_start[level], bytes, parents);
		below = v->level_start[level];
		count = v->level_blocks[level];
	}
	if (!err)
		err = read_blocks(fd, bytes, below, 1);
	if (!err)
		err = verity_digest(v, bytes, v->root);
	if (!err) {
		verity_superblock_write(v, bytes);
		err = write_blocks(fd, bytes, v->data_blocks, 1);
	}
	free(bytes);
	free(parents);
	return err;
}

/* Checks a run of blocks that have the same parent, or the top block. */
static int check_run(const struct verity *v, int fd, uint64_t start, uint64_t count,
		     uint8_t *bytes, uint8_t *parent_bytes,
		     void (*bad)(void *ctx, uint64_t block), void *ctx)
{
	unsigned index;
	uint64_t parent = verity_parent(v, start, &index), i;
	int err = 0;

	if (parent != VERITY_ROOT)
		err = read_blocks(fd, parent_bytes, parent, 1);
	if (!err)
		err = read_blocks(fd, bytes, start, count);
	for (i = 0; i < count && !err; i++)
		if (!verity_check(v, start + i, bytes + i * VERITY_BLOCK_SIZE, parent_bytes))
			bad(ctx, start + i);
	return err;
}

static int check_level(const struct verity *v, int fd, uint64_t start, uint64_t count,
		       uint8_t *bytes, uint8_t *parent_bytes,
		       void (*bad)(void *ctx, uint64_t block), void *ctx)
{
	uint64_t done, run;
	int err = 0;

	for (done = 0; done < count && !err; done += run) {
		run = count - done < VERITY_FANOUT ? count - done : VERITY_FANOUT;
		err = check_run(v, fd, start + done, run, bytes, parent_bytes, bad, ctx);
	}
	return err;
}

int verity_check_file(const struct verity *v, int fd,
		      void (*bad)(void *ctx, uint64_t block), void *ctx)
{
	uint8_t *bytes = malloc((VERITY_FANOUT + 1) * VERITY_BLOCK_SIZE);
	uint8_t *parent_bytes;
	unsigned level;
	int err;

	if (!bytes)
		return -ENOMEM;
	parent_bytes = bytes + VERITY_FANOUT * VERITY_BLOCK_SIZE;
	err = read_blocks(fd, bytes, v->data_blocks, 1);
	if (!err && !verity_check(v, v->data_blocks, bytes, NULL))
		bad(ctx, v->data_blocks);
	/* Blocks below a bad hash block fail too; the hash block is reported first. */
	for (level = v->levels; level-- > 0 && !err;)
		err = check_level(v, fd, v->level_start[level], v->level_blocks[level],
				  bytes, parent_bytes, bad, ctx);
	if (!err)
		err = check_level(v, fd, 0, v->data_blocks, bytes, parent_bytes, bad, ctx);
	free(bytes);
	return err;
}
