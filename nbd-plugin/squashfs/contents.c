/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "squashfs/contents.h"

struct contents_name {
	char *path;
	uint32_t inode_number;
};

static int add_name(struct contents *c, const sqfs_tree_node_t *node)
{
	struct contents_name *more;
	char *path;

	more = array_grow(c->names, c->name_count, &c->name_space, sizeof *more, SIZE_MAX);
	if (!more)
		return -ENOMEM;
	c->names = more;
	if (sqfs_tree_node_get_path(node, &path))
		return -EINVAL;
	c->names[c->name_count].path = strdup(path);
	sqfs_free(path);
	if (!c->names[c->name_count].path)
		return -ENOMEM;
	c->names[c->name_count++].inode_number = node->inode->base.inode_number;
	return 0;
}

static int take_inode(const sqfs_inode_generic_t *inode, size_t block_size, struct content *out)
{
	size_t count = sqfs_inode_get_file_block_count(inode);
	sqfs_u64 bytes, start;
	sqfs_u32 fragment, offset;

	if (sqfs_inode_get_file_size(inode, &bytes) || sqfs_inode_get_file_block_start(inode, &start) ||
	    sqfs_inode_get_frag_location(inode, &fragment, &offset))
		return -EINVAL;
	if (count != bytes / block_size + (bytes % block_size && fragment == SQUASHFS_NO_FRAGMENT))
		return -EINVAL;
	*out = (struct content){
		.bytes = bytes, .start = start, .blocks = inode->extra, .count = count,
		.fragment = fragment, .offset = offset, .new_fragment = fragment,
		.new_offset = offset, .inode_number = inode->base.inode_number,
		.blocks_written = !count, .end_written = fragment == SQUASHFS_NO_FRAGMENT,
	};
	out->new_blocks = calloc(count + 1, sizeof *out->new_blocks);
	return out->new_blocks ? 0 : -ENOMEM;
}

static int collect(const struct squashfs_reader *s, const sqfs_tree_node_t *node, struct contents *out)
{
	struct content **of_inode;
	int err = 0;

	for (; node && !err; node = node->next) {
		if (node->inode->base.inode_number > s->super.inode_count)
			return -EINVAL;
		err = collect(s, node->children, out);
		if (err || (node->inode->base.type != SQFS_INODE_FILE &&
			    node->inode->base.type != SQFS_INODE_EXT_FILE))
			continue;
		err = add_name(out, node);
		of_inode = &out->of_inode[node->inode->base.inode_number];
		if (err || *of_inode)
			continue;
		*of_inode = &out->list[out->count];
		err = take_inode(node->inode, s->super.block_size, &out->list[out->count]);
		if (!err)
			out->count++;
	}
	return err;
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_place(const void *left, const void *right)
{
	const struct content *a = left, *b = right;
	int d;

	if ((d = compare(a->start, b->start)) || (d = compare(a->fragment, b->fragment)) ||
	    (d = compare(a->offset, b->offset)) || (d = compare(a->bytes, b->bytes)))
		return d;
	return compare(a->inode_number, b->inode_number);
}

static int by_path(const void *left, const void *right)
{
	const struct contents_name *a = left, *b = right;

	return strcmp(a->path, b->path);
}

static bool alike(const struct content *a, const struct content *b)
{
	return a->start == b->start && a->fragment == b->fragment && a->offset == b->offset &&
	       a->bytes == b->bytes && a->count == b->count &&
	       !memcmp(a->blocks, b->blocks, a->count * sizeof *a->blocks);
}

/* Files with the same content share the first struct; the others stay in the list, marked
 * as written.
 */
static void merge_alike(struct contents *c)
{
	struct content *first = c->list, *at;

	qsort(c->list, c->count, sizeof *c->list, by_place);
	for (at = c->list; at < c->list + c->count; at++) {
		if (at == first || !alike(first, at))
			first = at;
		else
			at->blocks_written = at->end_written = true;
		c->of_inode[at->inode_number] = first;
	}
}

int contents_collect(const struct squashfs_reader *s, struct contents *out)
{
	size_t inodes = (size_t)s->super.inode_count + 1;
	int err;

	memset(out, 0, sizeof *out);
	out->list = calloc(inodes, sizeof *out->list);
	out->of_inode = calloc(inodes, sizeof *out->of_inode);
	if (!out->list || !out->of_inode)
		return -ENOMEM;
	err = collect(s, s->tree, out);
	if (err)
		return err;
	merge_alike(out);
	qsort(out->names, out->name_count, sizeof *out->names, by_path);
	return 0;
}

void contents_free(struct contents *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		free(c->list[i].new_blocks);
	for (i = 0; i < c->name_count; i++)
		free(c->names[i].path);
	free(c->list);
	free(c->of_inode);
	free(c->names);
}

struct content *contents_find(const struct contents *c, const char *path)
{
	struct contents_name key = { .path = (char *)path }, *found;

	found = c->name_count ? bsearch(&key, c->names, c->name_count, sizeof key, by_path) : NULL;
	return found ? c->of_inode[found->inode_number] : NULL;
}

size_t content_block_bytes(const struct content *c, size_t block, size_t block_size)
{
	uint64_t left = c->bytes - block * block_size;

	return left < block_size ? (size_t)left : block_size;
}

size_t content_end_bytes(const struct content *c, size_t block_size)
{
	return (size_t)(c->bytes - c->count * block_size);
}
