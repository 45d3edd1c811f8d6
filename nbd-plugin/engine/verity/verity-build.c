/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/verity/verity-build.h"
#include "engine/verity/zero-subtrees.h"

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

struct walk {
	const struct verity *v;
	int fd;
	uint8_t *bytes, *parents;	/* buffers: RUN_BLOCKS and PARENTS_AT_ONCE blocks */
	struct zero_subtrees *zeroes;
};

static void walk_free(struct walk *w)
{
	free(w->bytes);
	free(w->parents);
	free(w->zeroes);
}

static int walk_init(struct walk *w, const struct verity *v, int fd)
{
	w->v = v;
	w->fd = fd;
	w->bytes = malloc(RUN_BLOCKS * VERITY_BLOCK_SIZE);
	w->parents = malloc(PARENTS_AT_ONCE * VERITY_BLOCK_SIZE);
	w->zeroes = malloc(sizeof *w->zeroes);
	if (!w->bytes || !w->parents || !w->zeroes)
		return -ENOMEM;
	return zero_subtrees_init(v, w->zeroes);
}

/* Writes the digests of count blocks in w->bytes, or of zero subtrees (is_zero), into hash
 * blocks that are padded with zeroes.
 */
static int digest_run(const struct walk *w, unsigned height, uint64_t count, bool is_zero)
{
	uint64_t i;
	int err = 0;

	memset(w->parents, 0, PARENTS_AT_ONCE * VERITY_BLOCK_SIZE);
	for (i = 0; i < count && !err; i++)
		err = zero_subtrees_digest(w->v, w->zeroes, height,
					   is_zero ? NULL : w->bytes + i * VERITY_BLOCK_SIZE,
					   w->parents + i * VERITY_DIGEST_SIZE);
	return err;
}

/* Returns whether count blocks of this height are above a hole of the data.  span is the
 * number of data blocks below each.
 */
static bool is_above_hole(const struct walk *w, uint64_t start, uint64_t count, uint64_t span)
{
	/* The last hash block of a level may be padded: it is not that of a whole subtree. */
	return (start + count) * span <= w->v->data_blocks &&
	       zero_subtrees_is_hole(w->fd, start * span, count * span);
}

/* Builds the hash blocks of level from the blocks below it. */
static int build_level(const struct walk *w, unsigned level, uint64_t below, uint64_t count,
		       uint64_t span)
{
	uint64_t done = 0, run, parent_count;
	bool is_zero;
	int err = 0;

	while (done < count && !err) {
		run = count - done < RUN_BLOCKS ? count - done : RUN_BLOCKS;
		parent_count = (run + VERITY_FANOUT - 1) / VERITY_FANOUT;
		is_zero = is_above_hole(w, done, run, span);
		if (!is_zero)
			err = read_blocks(w->fd, w->bytes, below + done, run);
		if (!err)
			err = digest_run(w, level, run, is_zero);
		if (!err)
			err = write_blocks(w->fd, w->parents,
					   w->v->level_start[level] + done / VERITY_FANOUT,
					   parent_count);
		done += run;
	}
	return err;
}

static int build_tree(const struct walk *w, uint8_t root[VERITY_DIGEST_SIZE])
{
	const struct verity *v = w->v;
	uint64_t below = 0, count = v->data_blocks, span = 1;
	unsigned level;
	int err = 0;

	for (level = 0; level < v->levels && !err; level++) {
		err = build_level(w, level, below, count, span);
		below = v->level_start[level];
		count = v->level_blocks[level];
		span *= VERITY_FANOUT;
	}
	if (!err)
		err = read_blocks(w->fd, w->bytes, below, 1);
	return err ? err : verity_digest(v, w->bytes, root);
}

int verity_build(struct verity *v, int fd)
{
	struct walk w = { 0 };
	int err = walk_init(&w, v, fd);

	if (!err)
		err = build_tree(&w, v->root);
	if (!err) {
		verity_superblock_write(v, w.bytes);
		err = write_blocks(fd, w.bytes, v->data_blocks, 1);
	}
	walk_free(&w);
	return err;
}

/* Checks a run of blocks of this height that have the same parent, or the top block. */
static int check_run(const struct walk *w, unsigned height, uint64_t start, uint64_t count,
		     void (*bad)(void *ctx, uint64_t block), void *ctx)
{
	/* Hash blocks are read in any case: the file may hold others than it should. */
	bool is_zero = !height && zero_subtrees_is_hole(w->fd, start, count);
	uint8_t digest[VERITY_DIGEST_SIZE];
	unsigned index;
	uint64_t parent = verity_parent(w->v, start, &index), i;
	int err = 0;

	if (parent != VERITY_ROOT)
		err = read_blocks(w->fd, w->parents, parent, 1);
	if (!err && !is_zero)
		err = read_blocks(w->fd, w->bytes, start, count);
	for (i = 0; i < count && !err; i++) {
		err = zero_subtrees_digest(w->v, w->zeroes, height,
					   is_zero ? NULL : w->bytes + i * VERITY_BLOCK_SIZE, digest);
		if (!err && !verity_check_digest(w->v, start + i, digest, w->parents))
			bad(ctx, start + i);
	}
	return err;
}

static int check_level(const struct walk *w, unsigned height, uint64_t start, uint64_t count,
		       void (*bad)(void *ctx, uint64_t block), void *ctx)
{
	uint64_t done, run;
	int err = 0;

	for (done = 0; done < count && !err; done += run) {
		run = count - done < VERITY_FANOUT ? count - done : VERITY_FANOUT;
		err = check_run(w, height, start + done, run, bad, ctx);
	}
	return err;
}

int verity_check_file(const struct verity *v, int fd,
		      void (*bad)(void *ctx, uint64_t block), void *ctx)
{
	struct walk w = { 0 };
	unsigned level;
	int err = walk_init(&w, v, fd);

	if (!err)
		err = read_blocks(fd, w.bytes, v->data_blocks, 1);
	if (!err && !verity_check(v, v->data_blocks, w.bytes, NULL))
		bad(ctx, v->data_blocks);
	/* Blocks below a bad hash block fail too; the hash block is reported first. */
	for (level = v->levels; level-- > 0 && !err;)
		err = check_level(&w, level + 1, v->level_start[level], v->level_blocks[level],
				  bad, ctx);
	if (!err)
		err = check_level(&w, 0, 0, v->data_blocks, bad, ctx);
	walk_free(&w);
	return err;
}
