/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sqfs/dir_writer.h>
#include <sqfs/meta_writer.h>

#include "squashfs/tables-writer.h"

#define DEVICE_BLOCK 4096
#define NO_XATTRS 0xffffffffU
#define XATTR_HEADER 16		/* place and number of the attributes; pointers follow */
#define XATTRS_PER_BLOCK 512

struct writing {
	struct squashfs_reader *in;
	const struct contents *contents;
	sqfs_file_t *out;
	sqfs_super_t super;
	sqfs_meta_writer_t *inodes, *directories;
	sqfs_dir_writer_t *entries;
	uint64_t *places;	/* by inode number: the place in the new table, plus 1 */
};

/* Returns the new inode of a regular file, which the caller must free. */
static sqfs_inode_generic_t *file_inode(const sqfs_inode_generic_t *old, const struct content *c)
{
	size_t bytes = c->new_count * sizeof(uint32_t);
	sqfs_inode_generic_t *inode = calloc(1, sizeof *inode + bytes);

	if (!inode)
		return NULL;
	memcpy(inode, old, sizeof *inode);
	inode->payload_bytes_available = inode->payload_bytes_used = (sqfs_u32)bytes;
	memcpy(inode->extra, c->new_blocks, bytes);
	if (sqfs_inode_set_file_block_start(inode, c->new_start) ||
	    sqfs_inode_set_frag_location(inode, c->new_fragment, c->new_offset)) {
		free(inode);
		return NULL;
	}
	return inode;
}

static int write_inode(struct writing *w, const sqfs_inode_generic_t *inode)
{
	sqfs_u64 block;
	sqfs_u32 offset;

	sqfs_meta_writer_get_position(w->inodes, &block, &offset);
	w->places[inode->base.inode_number] = (block << 16 | offset) + 1;
	return squashfs_error(sqfs_meta_writer_write_inode(w->inodes, inode));
}

static int write_leaf(struct writing *w, const sqfs_inode_generic_t *old)
{
	const struct content *c = w->contents->of_inode[old->base.inode_number];
	sqfs_inode_generic_t *inode;
	int err;

	/* Another name of the same file. */
	if (w->places[old->base.inode_number])
		return 0;
	if (!c)
		return write_inode(w, old);
	inode = file_inode(old, c);
	if (!inode)
		return -ENOMEM;
	err = write_inode(w, inode);
	free(inode);
	return err;
}

static bool is_directory(const sqfs_tree_node_t *node)
{
	return node->inode->base.type == SQFS_INODE_DIR ||
	       node->inode->base.type == SQFS_INODE_EXT_DIR;
}

static int write_directory_inode(struct writing *w, const sqfs_inode_generic_t *old)
{
	bool is_extended = old->base.type == SQFS_INODE_EXT_DIR;
	sqfs_u32 links = is_extended ? old->data.dir_ext.nlink : old->data.dir.nlink;
	sqfs_u32 parent = is_extended ? old->data.dir_ext.parent_inode : old->data.dir.parent_inode;
	sqfs_u32 xattr = is_extended ? old->data.dir_ext.xattr_idx : NO_XATTRS;
	sqfs_inode_generic_t *inode =
		sqfs_dir_writer_create_inode(w->entries, links, xattr, parent);
	uint16_t type;
	int err;

	if (!inode)
		return -ENOMEM;
	type = inode->base.type;
	inode->base = old->base;
	inode->base.type = type;
	if (type == SQFS_INODE_EXT_DIR)
		inode->data.dir_ext.nlink = links;
	else
		inode->data.dir.nlink = links;
	err = write_inode(w, inode);
	sqfs_free(inode);
	return err;
}

/* Writes the entries of a directory, in the order of their names, and then the directory. */
static int write_directory(struct writing *w, const sqfs_tree_node_t *node)
{
	const sqfs_tree_node_t *child;
	const sqfs_inode_t *base;
	int err = 0;

	for (child = node->children; child && !err; child = child->next)
		err = is_directory(child) ? write_directory(w, child) : write_leaf(w, child->inode);
	if (!err)
		err = squashfs_error(sqfs_dir_writer_begin(w->entries, 0));
	for (child = node->children; child && !err; child = child->next) {
		base = &child->inode->base;
		err = squashfs_error(sqfs_dir_writer_add_entry(
			w->entries, (const char *)child->name, base->inode_number,
			w->places[base->inode_number] - 1, base->mode));
	}
	if (!err)
		err = squashfs_error(sqfs_dir_writer_end(w->entries));
	return err ? err : write_directory_inode(w, node->inode);
}

/* Copies the extended attributes to another offset, and adjusts the pointers in the header
 * and behind it.
 */
static int write_xattrs(struct writing *w)
{
	uint64_t index = w->in->super.xattr_id_table_start, end = w->in->super.bytes_used;
	uint64_t at = w->out->get_size(w->out), start, blocks, i;
	uint64_t *number;
	uint8_t *bytes;
	uint32_t count;
	int err;

	if (index == SQUASHFS_NO_TABLE)
		return 0;
	if (index > end || end - index < XATTR_HEADER)
		return -EINVAL;
	err = squashfs_error(w->in->file->read_at(w->in->file, index, &start, sizeof start));
	start = le64toh(start);
	if (err || start > index)
		return err ? err : -EINVAL;
	bytes = malloc(end - start);
	if (!bytes)
		return -ENOMEM;
	err = squashfs_error(w->in->file->read_at(w->in->file, start, bytes, end - start));
	if (err)
		goto out;
	memcpy(&count, bytes + (index - start) + 8, sizeof count);
	blocks = (le32toh(count) + (uint64_t)XATTRS_PER_BLOCK - 1) / XATTRS_PER_BLOCK;
	if (end - index < XATTR_HEADER + blocks * sizeof *number) {
		err = -EINVAL;
		goto out;
	}
	for (i = 0; i <= blocks; i++) {
		/* The pointer in the header, then the pointers behind it. */
		uint8_t *place = bytes + (index - start) + (i ? XATTR_HEADER + (i - 1) * 8 : 0);
		uint64_t value;

		memcpy(&value, place, sizeof value);
		value = htole64(le64toh(value) - start + at);
		memcpy(place, &value, sizeof value);
	}
	end = index - start + XATTR_HEADER + blocks * sizeof *number;
	err = squashfs_error(w->out->write_at(w->out, at, bytes, end));
	w->super.xattr_id_table_start = at + index - start;
out:
	free(bytes);
	return err;
}

static int pad(sqfs_file_t *out)
{
	static const uint8_t zeroes[DEVICE_BLOCK];
	uint64_t size = out->get_size(out);

	return size % DEVICE_BLOCK ? squashfs_error(out->write_at(
		out, size, zeroes, DEVICE_BLOCK - size % DEVICE_BLOCK)) : 0;
}

static int write_all(struct writing *w, sqfs_frag_table_t *fragments, sqfs_compressor_t *pack)
{
	uint64_t root;
	int err = pad(w->out);

	if (err)
		return err;
	w->super.inode_table_start = w->out->get_size(w->out);
	err = write_directory(w, w->in->tree);
	if (err)
		return err;
	root = w->places[w->in->tree->inode->base.inode_number] - 1;
	err = squashfs_error(sqfs_meta_writer_flush(w->inodes));
	if (!err)
		err = squashfs_error(sqfs_meta_writer_flush(w->directories));
	w->super.root_inode_ref = root;
	w->super.directory_table_start = w->out->get_size(w->out);
	if (err || (err = squashfs_error(sqfs_meta_write_write_to_file(w->directories))) ||
	    (err = squashfs_error(sqfs_frag_table_write(fragments, w->out, &w->super, pack))) ||
	    (err = squashfs_error(sqfs_dir_writer_write_export_table(
		     w->entries, w->out, pack, w->in->tree->inode->base.inode_number, root, &w->super))) ||
	    (err = squashfs_error(sqfs_id_table_write(w->in->ids, w->out, &w->super, pack))) ||
	    (err = write_xattrs(w)))
		return err;
	w->super.fragment_entry_count = (sqfs_u32)sqfs_frag_table_get_size(fragments);
	w->super.bytes_used = w->out->get_size(w->out);
	err = squashfs_error(sqfs_super_write(&w->super, w->out));
	return err ? err : pad(w->out);
}

int squashfs_write_tables(struct squashfs_reader *in, const struct contents *contents,
			  sqfs_frag_table_t *fragments, sqfs_compressor_t *pack,
			  sqfs_file_t *out)
{
	bool exports = in->super.export_table_start != SQUASHFS_NO_TABLE;
	struct writing w = {
		.in = in, .contents = contents, .out = out, .super = in->super,
		.inodes = sqfs_meta_writer_create(out, pack, 0),
		.directories = sqfs_meta_writer_create(out, pack, SQFS_META_WRITER_KEEP_IN_MEMORY),
		.places = calloc((size_t)in->super.inode_count + 1, sizeof(uint64_t)),
	};
	int err = -ENOMEM;

	if (w.directories)
		w.entries = sqfs_dir_writer_create(
			w.directories, exports ? SQFS_DIR_WRITER_CREATE_EXPORT_TABLE : 0);
	if (w.inodes && w.entries && w.places)
		err = write_all(&w, fragments, pack);
	if (w.entries)
		sqfs_destroy(w.entries);
	if (w.directories)
		sqfs_destroy(w.directories);
	if (w.inodes)
		sqfs_destroy(w.inodes);
	free(w.places);
	return err;
}
