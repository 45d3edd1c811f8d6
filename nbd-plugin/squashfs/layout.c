/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * libsquashfs reads the tree of files; this file parses the tables.  A table is a chain of
 * metadata blocks: two bytes of length, and this many bytes of content.  The uncompressed
 * content of each block except the last has 8192 bytes.
 * Source of the format: squashfs_fs.h of the Linux kernel, version 4.0.
 */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "squashfs/layout.h"
#include "squashfs/reader.h"

#define METADATA_SIZE 8192
#define STORED 0x8000U		/* in the length of a metadata block: not compressed */

struct reading {
	struct squashfs_reader image;
	uint8_t *seen;		/* one bit per inode number */
	struct layout *out;
};

static int add_file(struct layout *l, char *name, uint64_t size)
{
	struct layout_file *more;

	if (!name)
		return -ENOMEM;
	more = array_grow(l->files, l->file_count, &l->file_space, sizeof *more, UINT32_MAX);
	if (!more) {
		free(name);
		return -ENOMEM;
	}
	l->files = more;
	l->files[l->file_count++] = (struct layout_file){ .name = name, .size = size };
	return 0;
}

/* Adds a piece of the file that was added last. */
static int add_piece(struct layout *l, uint64_t offset, uint64_t length, uint64_t start, uint64_t size)
{
	struct layout_piece *more;

	if (!length || !size)
		return 0;
	if (offset > l->bytes || length > l->bytes - offset)
		return -EINVAL;
	more = array_grow(l->pieces, l->piece_count, &l->piece_space, sizeof *more, SIZE_MAX);
	if (!more)
		return -ENOMEM;
	l->pieces = more;
	l->pieces[l->piece_count++] = (struct layout_piece){
		.offset = offset, .length = length, .start = start, .size = size,
		.file = (uint32_t)(l->file_count - 1) };
	return 0;
}

/* Adds the metadata blocks in [from, to) of the image. */
static int add_chain(struct reading *r, const char *name, uint64_t from, uint64_t to)
{
	uint64_t start = 0, length;
	uint16_t header;
	int err = add_file(r->out, strdup(name), 0);

	for (; !err && from < to; from += length, start += METADATA_SIZE) {
		err = squashfs_error(r->image.file->read_at(r->image.file, from, &header, sizeof header));
		if (err)
			break;
		length = sizeof header + (le16toh(header) & ~STORED);
		if (length == sizeof header || length > to - from)
			return -EINVAL;
		err = add_piece(r->out, from, length, start, METADATA_SIZE);
	}
	if (!err)
		r->out->files[r->out->file_count - 1].size = start;
	return err;
}

static int add_region(struct layout *l, const char *name, uint64_t from, uint64_t to)
{
	int err = to > from ? add_file(l, strdup(name), to - from) : 0;

	return err ? err : add_piece(l, from, to > from ? to - from : 0, 0, to - from);
}

/* Finds the beginning of a table that has an index of pointers to its metadata blocks.  The
 * metadata blocks are in front of the index.
 */
static int table_start(struct reading *r, uint64_t index, uint64_t *out)
{
	uint64_t first;
	int err;

	*out = SQUASHFS_NO_TABLE;
	if (index == SQUASHFS_NO_TABLE)
		return 0;
	err = squashfs_error(r->image.file->read_at(r->image.file, index, &first, sizeof first));
	if (!err && le64toh(first) > index)
		err = -EINVAL;
	*out = le64toh(first);
	return err;
}

/* The index of the extended attributes has another header: their place and number. */
static int xattr_start(struct reading *r, uint64_t *out)
{
	uint64_t index = r->image.super.xattr_id_table_start;
	int err;

	*out = SQUASHFS_NO_TABLE;
	if (index == SQUASHFS_NO_TABLE || index + 16 > r->image.super.bytes_used)
		return 0;
	err = squashfs_error(r->image.file->read_at(r->image.file, index, out, sizeof *out));
	*out = le64toh(*out);
	return err;
}

struct region {
	const char *name;
	uint64_t start;
};

static int by_start(const void *left, const void *right)
{
	const struct region *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* The tables are at the end of the image; each ends where the next begins. */
static int add_tables(struct reading *r)
{
	struct region regions[] = {
		{ "@inodes", r->image.super.inode_table_start },
		{ "@directories", r->image.super.directory_table_start },
		{ "@fragments", 0 }, { "@exports", 0 }, { "@ids", 0 }, { "@xattrs", 0 },
	};
	const size_t count = sizeof regions / sizeof regions[0];
	uint64_t fragments = r->image.super.fragment_entry_count ? r->image.super.fragment_table_start : SQUASHFS_NO_TABLE;
	uint64_t end;
	size_t i;
	int err;

	if ((err = table_start(r, fragments, &regions[2].start)) ||
	    (err = table_start(r, r->image.super.export_table_start, &regions[3].start)) ||
	    (err = table_start(r, r->image.super.id_table_start, &regions[4].start)) ||
	    (err = xattr_start(r, &regions[5].start)) ||
	    (err = add_region(r->out, "@superblock", 0, sizeof r->image.super)))
		return err;
	qsort(regions, count, sizeof regions[0], by_start);
	for (i = 0; i < count && !err; i++) {
		if (regions[i].start >= r->image.super.bytes_used)
			break;
		end = i + 1 < count ? regions[i + 1].start : SQUASHFS_NO_TABLE;
		if (end > r->image.super.bytes_used)
			end = r->image.super.bytes_used;
		if (regions[i].start == r->image.super.inode_table_start ||
		    regions[i].start == r->image.super.directory_table_start)
			err = add_chain(r, regions[i].name, regions[i].start, end);
		else
			err = add_region(r->out, regions[i].name, regions[i].start, end);
	}
	return err;
}

static int add_fragment(struct reading *r, const sqfs_inode_generic_t *inode,
			uint64_t start, uint64_t size)
{
	sqfs_u32 index, offset;
	sqfs_fragment_t fragment;
	int err = squashfs_error(sqfs_inode_get_frag_location(inode, &index, &offset));

	if (err || index == SQUASHFS_NO_FRAGMENT || start >= size)
		return err;
	err = squashfs_error(sqfs_frag_table_lookup(r->image.fragments, index, &fragment));
	if (!err)
		err = add_piece(r->out, fragment.start_offset, fragment.size & ~SQUASHFS_BLOCK_STORED,
				start, size - start);
	if (!err && r->out->piece_count) {
		r->out->pieces[r->out->piece_count - 1].is_fragment = true;
		r->out->pieces[r->out->piece_count - 1].within = offset;
	}
	return err;
}

static int add_content(struct reading *r, const sqfs_tree_node_t *node)
{
	const sqfs_inode_generic_t *inode = node->inode;
	size_t i, count = sqfs_inode_get_file_block_count(inode);
	uint64_t at, start = 0, length, size;
	char *path = NULL;
	int err;

	if ((err = squashfs_error(sqfs_inode_get_file_size(inode, &size))) ||
	    (err = squashfs_error(sqfs_inode_get_file_block_start(inode, &at))) ||
	    (err = squashfs_error(sqfs_tree_node_get_path(node, &path))) ||
	    (err = add_file(r->out, path ? strdup(path) : NULL, size))) {
		sqfs_free(path);
		return err;
	}
	sqfs_free(path);
	for (i = 0; i < count && !err; i++, at += length, start += r->image.super.block_size) {
		/* 0: a hole, of which nothing is stored. */
		length = inode->extra[i] & ~SQUASHFS_BLOCK_STORED;
		if (start >= size)
			return -EINVAL;
		err = add_piece(r->out, at, length, start,
				size - start < r->image.super.block_size ? size - start : r->image.super.block_size);
	}
	return err ? err : add_fragment(r, inode, start, size);
}

static int add_tree(struct reading *r, const sqfs_tree_node_t *node)
{
	uint32_t number;
	int err = 0;

	for (; node && !err; node = node->next) {
		number = node->inode->base.inode_number;
		if (node->children) {
			err = add_tree(r, node->children);
		} else if (node->inode->base.type == SQFS_INODE_FILE ||
			   node->inode->base.type == SQFS_INODE_EXT_FILE) {
			if (number > r->image.super.inode_count)
				return -EINVAL;
			/* Another name of the same file. */
			if (r->seen[number / 8] & 1U << number % 8)
				continue;
			r->seen[number / 8] |= (uint8_t)(1U << number % 8);
			err = add_content(r, node);
		}
	}
	return err;
}

static int by_piece(const void *left, const void *right)
{
	const struct layout_piece *a = left, *b = right;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	if (a->within != b->within)
		return a->within < b->within ? -1 : 1;
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return a->start < b->start ? -1 : a->start > b->start;
}

static int by_file(const void *left, const void *right)
{
	const struct layout_piece *a = *(const struct layout_piece *const *)left;
	const struct layout_piece *b = *(const struct layout_piece *const *)right;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return a->start < b->start ? -1 : a->start > b->start;
}

static int by_name(const void *left, const void *right)
{
	const struct layout_file *a = left, *b = right;

	return strcmp(a->name, b->name);
}

/* Sorts the files by name, and then the pieces, which refer to files by number. */
static int sort_all(struct layout *l)
{
	uint32_t *moved = calloc(l->file_count, sizeof *moved);
	size_t i;

	l->by_file = calloc(l->piece_count + 1, sizeof(const struct layout_piece *));
	if (!l->by_file || !moved) {
		free(moved);
		return -ENOMEM;
	}
	for (i = 0; i < l->file_count; i++)
		l->files[i].first = i;
	qsort(l->files, l->file_count, sizeof *l->files, by_name);
	for (i = 0; i < l->file_count; i++) {
		moved[l->files[i].first] = (uint32_t)i;
		l->files[i].first = 0;
	}
	for (i = 0; i < l->piece_count; i++)
		l->pieces[i].file = moved[l->pieces[i].file];
	free(moved);
	qsort(l->pieces, l->piece_count, sizeof *l->pieces, by_piece);
	for (i = 0; i < l->piece_count; i++)
		l->by_file[i] = &l->pieces[i];
	qsort(l->by_file, l->piece_count, sizeof *l->by_file, by_file);
	for (i = l->piece_count; i-- > 0;) {
		l->files[l->by_file[i]->file].first = i;
		l->files[l->by_file[i]->file].count++;
	}
	return 0;
}

static int read_all(struct reading *r, const char *path)
{
	int err = squashfs_reader_open(path, &r->image);

	if (err)
		return err;
	r->out->bytes = r->image.super.bytes_used;
	r->seen = calloc(r->image.super.inode_count / 8 + 1, 1);
	if (!r->seen)
		return -ENOMEM;
	if ((err = add_tables(r)) || (err = add_tree(r, r->image.tree)))
		return err;
	return sort_all(r->out);
}

int layout_read(const char *path, struct layout *out)
{
	struct reading r = { .out = out };
	int err;

	memset(out, 0, sizeof *out);
	err = read_all(&r, path);
	squashfs_reader_close(&r.image);
	free(r.seen);
	return err;
}

void layout_free(struct layout *l)
{
	size_t i;

	for (i = 0; i < l->file_count; i++)
		free(l->files[i].name);
	free(l->files);
	free(l->pieces);
	free(l->by_file);
	memset(l, 0, sizeof *l);
}

const struct layout_file *layout_find(const struct layout *l, const char *name)
{
	struct layout_file key = { .name = (char *)name };

	return bsearch(&key, l->files, l->file_count, sizeof key, by_name);
}
