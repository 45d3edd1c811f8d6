/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "squashfs/reader.h"

int squashfs_error(int error)
{
	switch (error) {
	case 0:
		return 0;
	case SQFS_ERROR_ALLOC:
		return -ENOMEM;
	case SQFS_ERROR_IO:
		/* libsquashfs does not change errno after a write that failed. */
		return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? -errno : -EIO;
	case SQFS_ERROR_UNSUPPORTED:
		return -EPROTONOSUPPORT;
	default:
		return -EINVAL;
	}
}

const char *squashfs_reason(int err)
{
	switch (err) {
	case -EINVAL:
		return "not a valid squashfs";
	case -ENOPKG:
		return "libsquashfs does not support lzo, so the layout cannot be read or changed";
	case -EPROTONOSUPPORT:
		return "libsquashfs does not support the compression of this squashfs";
	default:
		return strerror(-err);
	}
}

static int read_tables(struct squashfs_reader *s)
{
	sqfs_compressor_config_t config;
	int err;

	sqfs_compressor_config_init(&config, (SQFS_COMPRESSOR)s->super.compression_id,
				    s->super.block_size, SQFS_COMP_FLAG_UNCOMPRESS);
	err = sqfs_compressor_create(&config, &s->unpack);
	if (err == SQFS_ERROR_UNSUPPORTED && s->super.compression_id == SQFS_COMP_LZO)
		return -ENOPKG;
	if (err)
		return squashfs_error(err);
	if (s->super.flags & SQFS_FLAG_COMPRESSOR_OPTIONS) {
		err = s->unpack->read_options(s->unpack, s->file);
		if (err)
			return squashfs_error(err);
	}
	s->ids = sqfs_id_table_create(0);
	s->fragments = sqfs_frag_table_create(0);
	s->dirs = sqfs_dir_reader_create(&s->super, s->unpack, s->file, 0);
	if (!s->ids || !s->fragments || !s->dirs)
		return -ENOMEM;
	if ((err = sqfs_id_table_read(s->ids, s->file, &s->super, s->unpack)) ||
	    (err = sqfs_frag_table_read(s->fragments, s->file, &s->super, s->unpack)) ||
	    (err = sqfs_dir_reader_get_full_hierarchy(s->dirs, s->ids, NULL, 0, &s->tree)))
		return squashfs_error(err);
	return 0;
}

int squashfs_reader_open(const char *path, struct squashfs_reader *s)
{
	int err;

	memset(s, 0, sizeof *s);
	errno = 0;
	s->file = sqfs_open_file(path, SQFS_FILE_OPEN_READ_ONLY);
	if (!s->file)
		return errno ? -errno : -EIO;
	err = sqfs_super_read(&s->super, s->file);
	return err ? squashfs_error(err == SQFS_ERROR_UNSUPPORTED ? err : SQFS_ERROR_CORRUPTED) :
		     read_tables(s);
}

void squashfs_reader_close(struct squashfs_reader *s)
{
	if (s->tree)
		sqfs_dir_tree_destroy(s->tree);
	if (s->dirs)
		sqfs_destroy(s->dirs);
	if (s->fragments)
		sqfs_destroy(s->fragments);
	if (s->ids)
		sqfs_destroy(s->ids);
	if (s->unpack)
		sqfs_destroy(s->unpack);
	if (s->file)
		sqfs_destroy(s->file);
}
