/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * libsquashfs's compressor, with the guarantee that the result is not larger than the input.
 * Its lz4 makes a few bytes larger, and unsquashfs refuses such a block.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "squashfs/reader.h"

struct compressor {
	sqfs_compressor_t base;		/* first: the library gets a pointer to it */
	sqfs_compressor_t *real;
};

static sqfs_s32 do_block(sqfs_compressor_t *base, const sqfs_u8 *in, sqfs_u32 size,
			 sqfs_u8 *out, sqfs_u32 space)
{
	sqfs_compressor_t *real = ((struct compressor *)base)->real;
	sqfs_s32 got = real->do_block(real, in, size, out, space);

	return got > 0 && (sqfs_u32)got >= size ? 0 : got;
}

static void destroy(sqfs_object_t *object)
{
	sqfs_destroy(((struct compressor *)object)->real);
	free(object);
}

/* The best level with which the options of the image stay valid. */
static int create(const struct squashfs_reader *s, sqfs_compressor_t **out)
{
	SQFS_COMPRESSOR id = (SQFS_COMPRESSOR)s->super.compression_id;
	sqfs_compressor_config_t config;
	int err;

	sqfs_compressor_config_init(&config, id, s->super.block_size, 0);
	if (id == SQFS_COMP_ZSTD)
		config.level = SQFS_ZSTD_MAX_LEVEL;
	err = sqfs_compressor_create(&config, out);
	if (!err && id != SQFS_COMP_ZSTD && s->super.flags & SQFS_FLAG_COMPRESSOR_OPTIONS)
		err = (*out)->read_options(*out, s->file);
	return squashfs_error(err);
}

int squashfs_compressor(const struct squashfs_reader *s, sqfs_compressor_t **out)
{
	struct compressor *c = calloc(1, sizeof *c);
	int err = c ? create(s, &c->real) : -ENOMEM;

	if (err) {
		if (c && c->real)
			sqfs_destroy(c->real);
		free(c);
		return err;
	}
	c->base.base.destroy = destroy;
	c->base.do_block = do_block;
	*out = &c->base;
	return 0;
}
