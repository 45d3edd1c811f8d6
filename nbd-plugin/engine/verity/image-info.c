/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/verity/image-info.h"
#include "engine/verity/verity.h"

static bool read_block(int fd, uint64_t block, uint8_t out[VERITY_BLOCK_SIZE])
{
	return pread(fd, out, VERITY_BLOCK_SIZE, (off_t)(block * VERITY_BLOCK_SIZE)) ==
	       VERITY_BLOCK_SIZE;
}

static bool take_tree(int fd, const struct verity *v, char hex[65])
{
	uint8_t top[VERITY_BLOCK_SIZE], root[VERITY_DIGEST_SIZE];
	uint64_t block = v->levels ? v->level_start[v->levels - 1] : 0;
	unsigned i;

	if (!read_block(fd, block, top) || verity_digest(v, top, root))
		return false;
	for (i = 0; i < VERITY_DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", root[i]);
	return true;
}

/* block: of the superblock. */
static const char *open_tree(int fd, uint64_t block, uint64_t data_blocks, const uint8_t *roothash,
			     struct verity *out)
{
	uint8_t bytes[VERITY_BLOCK_SIZE];
	struct verity_superblock sb;
	const char *why;

	if (!read_block(fd, block, bytes))
		return "cannot read the superblock";
	if (verity_superblock_parse(bytes, sizeof bytes, &sb, &why))
		return why;
	if (sb.data_blocks != data_blocks)
		return "the superblock and the size of the file contradict each other";
	return verity_init(out, data_blocks, sb.salt, sb.salt_size, roothash) ?
	       "the salt names another size: this is not the whole image" : NULL;
}

const char *image_tree_open(int fd, uint64_t size_bytes, const uint8_t *roothash, struct verity *out)
{
	uint64_t data_blocks = size_bytes % VERITY_BLOCK_SIZE ? 0 :
			       verity_data_blocks(size_bytes / VERITY_BLOCK_SIZE);

	if (!data_blocks)
		return "no image made by farroot pack has this size";
	return open_tree(fd, data_blocks, data_blocks, roothash, out);
}

const char *image_tree_open_apart(int tree_fd, uint64_t data_bytes, const uint8_t *roothash, struct verity *out)
{
	if (data_bytes % VERITY_BLOCK_SIZE)
		return "the size of the data is no multiple of 4096";
	return open_tree(tree_fd, 0, data_bytes / VERITY_BLOCK_SIZE, roothash, out);
}

int image_tree_file_open(const char *path, const char *suffix)
{
	char *name = NULL;
	int fd;

	if (asprintf(&name, "%s%s", path, suffix) < 0)
		return -ENOMEM;
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(name);
	return fd;
}

static void look_for_tree(int fd, struct image_info *p)
{
	struct verity v;

	if (image_tree_open(fd, p->size_bytes, NULL, &v))
		return;
	if (take_tree(fd, &v, p->roothash))
		p->data_bytes = v.data_blocks * VERITY_BLOCK_SIZE;
	verity_free(&v);
}

int image_info_read(const char *path, struct image_info *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : 0;
	struct stat st;
	off_t size = 0;

	memset(out, 0, sizeof *out);
	if (!err && fstat(fd, &st))
		err = -errno;
	if (!err && S_ISDIR(st.st_mode))
		err = -EISDIR;
	/* Unlike st_size, this also works for a block device. */
	if (!err && (size = lseek(fd, 0, SEEK_END)) < 0)
		err = -errno;
	if (!err) {
		out->size_bytes = out->data_bytes = (uint64_t)size;
		look_for_tree(fd, out);
	}
	if (fd >= 0)
		close(fd);
	return err;
}
