/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/file-io.h"
#include "engine/verity/holes.h"
#include "engine/verity/verity-build.h"
#include "engine/verity/zero-subtrees.h"

#define RUN_BLOCKS 2048		/* data blocks read at once */
#define PENDING_BLOCKS 64	/* hash blocks of a level written at once */

static int read_blocks(int fd, uint8_t *bytes, uint64_t block, uint64_t count)
{
	size_t size = (size_t)count * VERITY_BLOCK_SIZE;
	ssize_t got = file_read(fd, bytes, size, block * VERITY_BLOCK_SIZE);

	return got < 0 ? (int)got : (size_t)got < size ? -ENODATA : 0;
}

static int write_blocks(int fd, const uint8_t *bytes, uint64_t block, uint64_t count)
{
	return file_write(fd, bytes, (size_t)count * VERITY_BLOCK_SIZE, block * VERITY_BLOCK_SIZE);
}

/* Both functions go through a file with these. */
struct walk {
	const struct verity *v;
	int fd;
	int tree_fd;		/* < 0: the tree is in fd */
	uint8_t *bytes;		/* RUN_BLOCKS blocks */
	struct zero_subtrees *zeroes;
	struct holes holes;	/* of the data */
};

static void walk_free(struct walk *w)
{
	free(w->bytes);
	free(w->zeroes);
}

static int walk_init(struct walk *w, const struct verity *v, int fd)
{
	w->v = v;
	w->fd = fd;
	w->tree_fd = -1;
	w->bytes = malloc(RUN_BLOCKS * VERITY_BLOCK_SIZE);
	w->zeroes = malloc(sizeof *w->zeroes);
	if (!w->bytes || !w->zeroes)
		return -ENOMEM;
	holes_init(&w->holes, fd, v->data_blocks);
	return zero_subtrees_init(v, w->zeroes);
}

/* The hash blocks of one level, which become complete in ascending order. */
struct level {
	uint8_t *bytes;		/* PENDING_BLOCKS hash blocks, not yet written */
	uint64_t complete;	/* of these */
	unsigned digests;	/* in the hash block behind the complete ones */
	uint64_t written;
};

/* The digest of each hash block goes up as soon as the block is complete, so that no hash
 * block is read again.
 */
struct building {
	struct walk walk;
	struct level levels[VERITY_MAX_LEVELS];	/* [0] = digests of data blocks */
	uint8_t root[VERITY_DIGEST_SIZE];
};

static void building_free(struct building *b)
{
	unsigned level;

	for (level = 0; level < VERITY_MAX_LEVELS; level++)
		free(b->levels[level].bytes);
	walk_free(&b->walk);
}

static int building_init(struct building *b, const struct verity *v, int fd)
{
	unsigned level;

	for (level = 0; level < v->levels; level++) {
		b->levels[level].bytes = malloc(PENDING_BLOCKS * VERITY_BLOCK_SIZE);
		if (!b->levels[level].bytes)
			return -ENOMEM;
	}
	return walk_init(&b->walk, v, fd);
}

static int write_level(struct building *b, unsigned level)
{
	struct level *l = &b->levels[level];
	int err = write_blocks(b->walk.fd, l->bytes, b->walk.v->level_start[level] + l->written,
			       l->complete);

	l->written += l->complete;
	l->complete = 0;
	return err;
}

/* Counts the hash block behind the complete ones as complete. */
static int complete_block(struct building *b, unsigned level)
{
	struct level *l = &b->levels[level];

	l->digests = 0;
	return ++l->complete == PENDING_BLOCKS ? write_level(b, level) : 0;
}

/* Adds the digest of the next block of this height, and the digests of the hash blocks that
 * are complete by it.
 */
static int add_digest(struct building *b, unsigned height, const uint8_t digest[VERITY_DIGEST_SIZE])
{
	uint8_t own[VERITY_DIGEST_SIZE];
	struct level *l;
	uint8_t *block;
	int err;

	memcpy(own, digest, sizeof own);
	for (; height < b->walk.v->levels; height++) {
		l = &b->levels[height];
		block = l->bytes + l->complete * VERITY_BLOCK_SIZE;
		memcpy(block + l->digests * VERITY_DIGEST_SIZE, own, sizeof own);
		if (++l->digests < VERITY_FANOUT)
			return 0;
		err = zero_subtrees_digest(b->walk.v, b->walk.zeroes, height + 1, block, own);
		if (!err)
			err = complete_block(b, height);
		if (err)
			return err;
	}
	memcpy(b->root, own, sizeof own);
	return 0;
}

static int add_zero_digests(struct building *b, unsigned height, uint64_t count)
{
	int err = 0;

	for (; count && !err; count--)
		err = add_digest(b, height, b->walk.zeroes->digest[height]);
	return err;
}

/* Adds hash blocks above zeroes, without their digests. */
static int add_zero_blocks(struct building *b, unsigned level, uint64_t count)
{
	struct level *l = &b->levels[level];
	int err = 0;

	for (; count && !err; count--) {
		memcpy(l->bytes + l->complete * VERITY_BLOCK_SIZE, b->walk.zeroes->block[level + 1],
		       VERITY_BLOCK_SIZE);
		err = complete_block(b, level);
	}
	return err;
}

/* Adds count data blocks of zeroes.  A hash block that has only zeroes below it is copied;
 * on each level only its neighbours get digests one by one.
 */
static int add_hole(struct building *b, uint64_t count)
{
	uint64_t after[VERITY_MAX_LEVELS] = { 0 }, before;
	unsigned height;
	int err = 0;

	for (height = 0; height < b->walk.v->levels && count && !err; height++) {
		before = (VERITY_FANOUT - b->levels[height].digests) % VERITY_FANOUT;
		if (before > count)
			before = count;
		err = add_zero_digests(b, height, before);
		count -= before;
		after[height] = count % VERITY_FANOUT;
		count /= VERITY_FANOUT;
		if (!err)
			err = add_zero_blocks(b, height, count);
	}
	/* What remains is the top block. */
	if (!err)
		err = add_zero_digests(b, height, count);
	while (height-- > 0 && !err)
		err = add_zero_digests(b, height, after[height]);
	return err;
}

static int add_data(struct building *b, uint64_t start, uint64_t count)
{
	struct walk *w = &b->walk;
	uint8_t digest[VERITY_DIGEST_SIZE];
	uint64_t done, run, i;
	int err = 0;

	for (done = 0; done < count && !err; done += run) {
		run = count - done < RUN_BLOCKS ? count - done : RUN_BLOCKS;
		err = read_blocks(w->fd, w->bytes, start + done, run);
		for (i = 0; i < run && !err; i++) {
			err = zero_subtrees_digest(w->v, w->zeroes, 0,
						   w->bytes + i * VERITY_BLOCK_SIZE, digest);
			if (!err)
				err = add_digest(b, 0, digest);
		}
	}
	return err;
}

/* Pads the last hash block of each level with zeroes, and writes what is not yet written. */
static int finish_levels(struct building *b)
{
	uint8_t digest[VERITY_DIGEST_SIZE];
	struct level *l;
	uint8_t *block;
	unsigned level;
	size_t used;
	int err = 0;

	for (level = 0; level < b->walk.v->levels && !err; level++) {
		l = &b->levels[level];
		if (l->digests) {
			block = l->bytes + l->complete * VERITY_BLOCK_SIZE;
			used = l->digests * VERITY_DIGEST_SIZE;
			memset(block + used, 0, VERITY_BLOCK_SIZE - used);
			err = verity_digest(b->walk.v, block, digest);
			if (!err)
				err = complete_block(b, level);
			if (!err)
				err = add_digest(b, level + 1, digest);
		}
		if (!err)
			err = write_level(b, level);
	}
	return err;
}

static int build_tree(struct building *b)
{
	uint64_t done, count;
	int err = 0;

	for (done = 0; done < b->walk.v->data_blocks && !err; done += count) {
		if (holes_are_at(&b->walk.holes, done, &count))
			err = add_hole(b, count);
		else
			err = add_data(b, done, count);
	}
	return err ? err : finish_levels(b);
}

int verity_build(struct verity *v, int fd)
{
	struct building b = { 0 };
	int err = building_init(&b, v, fd);

	if (!err)
		err = build_tree(&b);
	if (!err) {
		memcpy(v->root, b.root, sizeof v->root);
		verity_superblock_write(v, b.walk.bytes);
		err = write_blocks(fd, b.walk.bytes, v->data_blocks, 1);
	}
	building_free(&b);
	return err;
}

/* Blocks of the data, or of what is behind them. */
static int read_either(const struct walk *w, uint8_t *bytes, uint64_t block, uint64_t count)
{
	bool is_apart = w->tree_fd >= 0 && block >= w->v->data_blocks;

	return is_apart ? read_blocks(w->tree_fd, bytes, block - w->v->data_blocks, count) :
			  read_blocks(w->fd, bytes, block, count);
}

/* Checks blocks of this height that have the same parent, whose bytes are in parent. */
static int check_blocks(const struct walk *w, unsigned height, uint64_t start, uint64_t count,
			bool is_zero, const uint8_t *parent,
			void (*bad)(void *ctx, uint64_t block), void *ctx)
{
	uint8_t digest[VERITY_DIGEST_SIZE];
	uint64_t i;
	int err = is_zero ? 0 : read_either(w, w->bytes, start, count);

	for (i = 0; i < count && !err; i++) {
		err = zero_subtrees_digest(w->v, w->zeroes, height,
					   is_zero ? NULL : w->bytes + i * VERITY_BLOCK_SIZE, digest);
		if (!err && !verity_check_digest(w->v, start + i, digest, parent))
			bad(ctx, start + i);
	}
	return err;
}

/* Checks a run of blocks of this height that have the same parent, or the top block. */
static int check_run(struct walk *w, unsigned height, uint64_t start, uint64_t count,
		     void (*bad)(void *ctx, uint64_t block), void *ctx)
{
	uint8_t bytes[VERITY_BLOCK_SIZE];
	unsigned index;
	uint64_t parent = verity_parent(w->v, start, &index), done, same;
	bool is_zero;
	int err = parent != VERITY_ROOT ? read_either(w, bytes, parent, 1) : 0;

	for (done = 0; done < count && !err; done += same) {
		same = count;
		/* Hash blocks are read in any case: the file may hold others than it should. */
		is_zero = !height && holes_are_at(&w->holes, start + done, &same);
		if (same > count - done)
			same = count - done;
		err = check_blocks(w, height, start + done, same, is_zero, bytes, bad, ctx);
	}
	return err;
}

static int check_level(struct walk *w, unsigned height, uint64_t start, uint64_t count,
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

int verity_check_file(const struct verity *v, int fd, int tree_fd,
		      void (*bad)(void *ctx, uint64_t block), void *ctx)
{
	struct walk w = { 0 };
	unsigned level;
	int err = walk_init(&w, v, fd);

	w.tree_fd = tree_fd;
	if (!err)
		err = read_either(&w, w.bytes, v->data_blocks, 1);
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
