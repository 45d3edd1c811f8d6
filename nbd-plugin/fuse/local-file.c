/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Verified hash blocks are kept, a few of each level: a sequential read needs one more read
 * for 128 blocks.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file-io.h"
#include "engine/verity/image-info.h"
#include "engine/verity/verity.h"
#include "fuse/local-file.h"

#define SLOTS 64		/* a power of two */

struct slot {
	uint64_t block;		/* 0: empty; no hash block has this number */
	uint8_t bytes[VERITY_BLOCK_SIZE];
};

struct local_file {
	int fd;
	int tree_fd;		/* superblock and tree; < 0: at the end of fd */
	uint64_t size_bytes;	/* with the tree */
	bool is_verified;
	struct verity verity;
	const struct log *log;
	pthread_mutex_t lock;	/* for the slots */
	struct slot slots[SLOTS];
};

/* Reads from the disk, not across the end of the data.  Returns 0 or -errno; -EIO: the file is too
 * short.
 */
static int read_raw(const struct local_file *f, void *buf, size_t count, uint64_t offset)
{
	uint64_t data_bytes = f->verity.data_blocks * VERITY_BLOCK_SIZE;
	bool is_apart = f->tree_fd >= 0 && offset >= data_bytes;
	int fd = is_apart ? f->tree_fd : f->fd;
	ssize_t got = file_read(fd, buf, count, is_apart ? offset - data_bytes : offset);

	return got < 0 ? (int)got : (size_t)got < count ? -EIO : 0;
}

/* Verifies the content of a block with its hash block, which is read and verified first.
 * The tree has at most VERITY_MAX_LEVELS levels.
 */
static int verify(struct local_file *f, uint64_t block, const uint8_t *bytes)
{
	struct slot *slot = NULL;
	uint64_t parent = VERITY_ROOT;
	unsigned index;
	int err;

	if (block != f->verity.data_blocks)
		parent = verity_parent(&f->verity, block, &index);
	if (parent != VERITY_ROOT) {
		slot = &f->slots[parent % SLOTS];
		if (slot->block != parent) {
			uint8_t hashes[VERITY_BLOCK_SIZE];

			err = read_raw(f, hashes, sizeof hashes, parent * VERITY_BLOCK_SIZE);
			if (!err)
				err = verify(f, parent, hashes);
			if (err)
				return err;
			slot->block = parent;
			memcpy(slot->bytes, hashes, sizeof hashes);
		}
	}
	if (verity_check(&f->verity, block, bytes, slot ? slot->bytes : NULL))
		return 0;
	log_say(f->log, LOG_WARN, "block %" PRIu64 " (offset %" PRIu64 ") of the file does not verify",
		block, block * VERITY_BLOCK_SIZE);
	return -EIO;
}

/* Reads a whole block, verified. */
static int read_block(struct local_file *f, uint64_t block, uint8_t *out)
{
	int err = read_raw(f, out, VERITY_BLOCK_SIZE, block * VERITY_BLOCK_SIZE);

	if (!err)
		err = verify(f, block, out);
	/* No hash covers all of it. */
	if (!err && block == f->verity.data_blocks)
		verity_superblock_write(&f->verity, out);
	return err;
}

static int read_verified(struct local_file *f, void *buf, uint32_t count, uint64_t offset)
{
	uint64_t at = offset, end = offset + count, from;
	uint8_t block[VERITY_BLOCK_SIZE];
	size_t length;
	int err = 0;

	for (; at < end && !err; at += length) {
		from = at % VERITY_BLOCK_SIZE;
		length = VERITY_BLOCK_SIZE - from < end - at ? VERITY_BLOCK_SIZE - from : end - at;
		err = read_block(f, at / VERITY_BLOCK_SIZE, block);
		if (!err)
			memcpy((uint8_t *)buf + (at - offset), block + from, length);
	}
	return err;
}

int local_file_read(struct local_file *f, void *buf, uint32_t count, uint64_t offset)
{
	int err;

	if (!f->is_verified)
		return read_raw(f, buf, count, offset);
	pthread_mutex_lock(&f->lock);
	err = read_verified(f, buf, count, offset);
	pthread_mutex_unlock(&f->lock);
	return err;
}

/* Returns NULL, or a message. */
static const char *open_tree(struct local_file *f, const char *path, const uint8_t *roothash, const char *suffix)
{
	uint8_t top[VERITY_BLOCK_SIZE];
	const char *why;

	if (suffix)
		f->tree_fd = image_tree_file_open(path, suffix);
	if (suffix && f->tree_fd < 0)
		return strerror(-f->tree_fd);
	why = suffix ? image_tree_open_apart(f->tree_fd, f->size_bytes, roothash, &f->verity) :
		       image_tree_open(f->fd, f->size_bytes, roothash, &f->verity);
	if (why)
		return why;
	f->size_bytes = f->verity.total_blocks * VERITY_BLOCK_SIZE;
	f->is_verified = true;
	if (read_block(f, f->verity.levels ? f->verity.level_start[f->verity.levels - 1] : 0, top))
		return "does not match roothash=";
	return NULL;
}

int local_file_open(const char *path, const uint8_t *roothash, const char *tree_suffix,
		    const struct log *log, struct local_file **out, char *why, size_t why_size)
{
	struct local_file *f = calloc(1, sizeof *f);
	const char *wrong = NULL;
	off_t size = -1;
	int err = 0;

	if (!f) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	f->log = log;
	f->tree_fd = -1;
	pthread_mutex_init(&f->lock, NULL);
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	/* Unlike st_size, this also works for a block device. */
	if (f->fd >= 0)
		size = lseek(f->fd, 0, SEEK_END);
	if (size < 0) {
		err = -errno;
		wrong = strerror(errno);
	} else {
		f->size_bytes = (uint64_t)size;
		wrong = roothash ? open_tree(f, path, roothash, tree_suffix) : NULL;
	}
	if (wrong) {
		snprintf(why, why_size, "%s%s: %s", path, tree_suffix ? tree_suffix : "", wrong);
		local_file_close(f);
		return err ? err : -EINVAL;
	}
	*out = f;
	return 0;
}

void local_file_close(struct local_file *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	if (f->tree_fd >= 0)
		close(f->tree_fd);
	verity_free(&f->verity);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

uint64_t local_file_size(const struct local_file *f)
{
	return f->size_bytes;
}

uint64_t local_file_data_size(const struct local_file *f)
{
	return f->is_verified ? f->verity.data_blocks * VERITY_BLOCK_SIZE : f->size_bytes;
}
