/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zstd.h>

#include "image-builder.h"
#include "prng.h"
#include "engine/format/seek-table-load.h"
#include "engine/format/xxh64.h"
#include "engine/verity/verity.h"
#include "pack/seekable-writer.h"

#define FRAME_BYTES_MAX (256U << 10)

/* Random bytes, with some blocks of zeroes and some repeated blocks, where holes and stale
 * copies are hard to detect.
 */
static void fill_data(uint8_t *bytes, uint64_t size_bytes, uint64_t seed)
{
	struct prng r = prng_of(seed, 1);
	uint64_t at, length, i, word;

	for (at = 0; at < size_bytes; at += length) {
		length = size_bytes - at < VERITY_BLOCK_SIZE ? size_bytes - at : VERITY_BLOCK_SIZE;
		if (prng_percent(&r, 5))
			continue;
		if (at && prng_percent(&r, 5)) {
			memcpy(bytes + at, bytes + prng_below(&r, at / VERITY_BLOCK_SIZE) *
			       VERITY_BLOCK_SIZE, length);
			continue;
		}
		for (i = 0; i < length; i += sizeof word) {
			word = prng_next(&r);
			memcpy(bytes + at + i, &word,
			       length - i < sizeof word ? length - i : sizeof word);
		}
	}
}

static int build_level(const struct verity *v, uint8_t *bytes, unsigned level)
{
	uint64_t below = level ? v->level_start[level - 1] : 0;
	uint64_t count = level ? v->level_blocks[level - 1] : v->data_blocks;
	uint8_t *out = bytes + v->level_start[level] * VERITY_BLOCK_SIZE;
	uint64_t i;
	int err = 0;

	for (i = 0; i < count && !err; i++)
		err = verity_digest(v, bytes + (below + i) * VERITY_BLOCK_SIZE,
				    out + i * VERITY_DIGEST_SIZE);
	return err;
}

static int build_tree(struct verity *v, struct built_image *image)
{
	unsigned level;
	uint64_t top;
	int err = 0;

	for (level = 0; level < v->levels && !err; level++)
		err = build_level(v, image->bytes, level);
	top = v->levels ? v->level_start[v->levels - 1] : 0;
	if (!err)
		err = verity_digest(v, image->bytes + top * VERITY_BLOCK_SIZE, v->root);
	if (err)
		return err;
	memcpy(image->roothash, v->root, sizeof image->roothash);
	verity_superblock_write(v, image->bytes + v->data_blocks * VERITY_BLOCK_SIZE);
	return 0;
}

/* An image with its tree, whose data is still zero but is of this function's caller. */
static int begin_image(struct built_image *image, struct verity *v, uint64_t data_blocks, bool pinned,
		       uint64_t seed)
{
	uint8_t salt[32] = { 0 };
	size_t salt_size = VERITY_PACK_SALT_SIZE;
	struct prng r = prng_of(seed, 2);
	int err;

	if (pinned) {
		verity_pack_salt(data_blocks, salt);
	} else {
		for (salt_size = 0; salt_size < sizeof salt; salt_size++)
			salt[salt_size] = (uint8_t)prng_next(&r);
	}
	err = verity_init(v, data_blocks, salt, salt_size, NULL);
	if (err)
		return err;
	memset(image, 0, sizeof *image);
	image->size_bytes = image->content_bytes = v->total_blocks * VERITY_BLOCK_SIZE;
	image->bytes = image->content = calloc(1, image->size_bytes);
	if (image->bytes)
		return 0;
	verity_free(v);
	return -ENOMEM;
}

/* The tree of its data; frees the image after an error. */
static int end_image(struct built_image *image, struct verity *v)
{
	int err = build_tree(v, image);

	image->tree_block = v->levels ? v->level_start[0] : 0;
	image->tree_blocks = v->levels ? v->level_blocks[0] : 0;
	verity_free(v);
	if (err)
		built_image_free(image);
	return err;
}

int image_build(struct built_image *image, uint64_t data_blocks, bool pinned, uint64_t seed)
{
	struct verity v;
	int err = begin_image(image, &v, data_blocks, pinned, seed);

	if (err)
		return err;
	fill_data(image->bytes, data_blocks * VERITY_BLOCK_SIZE, seed);
	return end_image(image, &v);
}

int image_build_plain(struct built_image *image, uint64_t size_bytes, uint64_t seed)
{
	memset(image, 0, sizeof *image);
	image->size_bytes = image->content_bytes = size_bytes;
	image->bytes = image->content = calloc(1, size_bytes);
	if (!image->bytes)
		return -ENOMEM;
	fill_data(image->bytes, size_bytes, seed);
	return 0;
}

/* Most frames have some KiB; some have few bytes, and some many. */
static uint32_t draw_frame(struct prng *r, uint64_t left)
{
	uint64_t most = prng_percent(r, 10) ? 64 : prng_percent(r, 70) ? 65536 : FRAME_BYTES_MAX;
	uint64_t size = 1 + prng_below(r, most);

	return (uint32_t)(size < left ? size : left);
}

/* A frame without bytes: of zstd, or a skippable one. */
static int add_empty(struct seekable_writer *w, struct prng *r)
{
	const uint8_t skippable[9] = "\x53\x2a\x4d\x18\1\0\0\0z", empty[9] = "\x28\xb5\x2f\xfd\x20\0\1\0\0";

	return seekable_writer_add(w, prng_percent(r, 50) ? skippable : empty, sizeof empty, 0,
				   (uint32_t)xxh64(empty, 0));
}

static int add_frame(struct seekable_writer *w, ZSTD_CCtx *ctx, const uint8_t *bytes, uint32_t size)
{
	static uint8_t out[ZSTD_COMPRESSBOUND(FRAME_BYTES_MAX)];
	size_t got = ZSTD_compress2(ctx, out, sizeof out, bytes, size);

	return ZSTD_isError(got) ? -ENOMEM : seekable_writer_add(w, out, got, size, (uint32_t)xxh64(bytes, size));
}

static int write_frames(struct seekable_writer *w, const struct built_image *image, struct prng *r)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();
	uint64_t at = 0;
	uint32_t size;
	int err = ctx ? 0 : -ENOMEM;

	while (!err && at < image->content_bytes) {
		ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, prng_percent(r, 50));
		ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, 1);
		size = draw_frame(r, image->content_bytes - at);
		err = prng_percent(r, 5) ? add_empty(w, r) : 0;
		if (!err)
			err = add_frame(w, ctx, image->content + at, size);
		at += size;
	}
	ZSTD_freeCCtx(ctx);
	return err ? err : seekable_writer_finish(w);
}

/* The file in fd becomes the data of the image. */
static int take_file(struct built_image *image, int fd, bool has_tree, bool pinned, uint64_t seed)
{
	uint64_t size = (uint64_t)lseek(fd, 0, SEEK_END);
	char why[SEEK_TABLE_WHY];
	struct verity v;
	int err;

	if (has_tree) {
		err = begin_image(image, &v, size / VERITY_BLOCK_SIZE, pinned, seed);
	} else {
		*image = (struct built_image){ .size_bytes = size, .bytes = malloc(size) };
		err = image->bytes ? 0 : -ENOMEM;
	}
	if (err)
		return err;
	err = seek_table_read_file(&fd, image->bytes, (uint32_t)size, 0);
	if (has_tree && !err)
		err = end_image(image, &v);
	return err ? err : seek_table_load(seek_table_read_file, &fd, size, &image->table, why);
}

int image_compress(struct built_image *image, bool has_tree, bool pinned, uint64_t seed)
{
	struct prng r = prng_of(seed, 3);
	struct seekable_writer w = { .fd = memfd_create("image", MFD_CLOEXEC), .is_plain = prng_percent(&r, 30) };
	struct built_image from = *image;
	int err = w.fd < 0 ? -errno : 0;

	if (has_tree)
		from.content_bytes = verity_data_blocks(image->size_bytes / VERITY_BLOCK_SIZE) * VERITY_BLOCK_SIZE;
	if (!err)
		err = write_frames(&w, &from, &r);
	if (!err)
		err = take_file(image, w.fd, has_tree, pinned, seed);
	image->content = from.content;
	image->content_bytes = from.content_bytes;
	image->is_seekable = true;
	close(w.fd);
	seekable_writer_free(&w);
	return err;
}

void built_image_extent(const struct built_image *image, uint64_t count, uint64_t offset,
			uint64_t *image_count, uint64_t *image_offset)
{
	struct seek_frame first, last;

	*image_count = count;
	*image_offset = offset;
	if (!image->is_seekable)
		return;
	seek_table_frame_at(&image->table, offset, &first);
	seek_table_frame_at(&image->table, offset + count - 1, &last);
	*image_offset = first.compressed_offset;
	*image_count = last.compressed_offset + last.compressed_bytes - first.compressed_offset;
}

void built_image_free(struct built_image *image)
{
	if (image->is_seekable) {
		free(image->content);
		seek_table_free(&image->table);
	}
	free(image->bytes);
	image->bytes = NULL;
}
