/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profile/extents-to-files.h"
#include "engine/verity/verity.h"

#define BLOCK VERITY_BLOCK_SIZE
#define INODES "@inodes"
#define DIRECTORIES "@directories"
#define FRAGMENTS "@fragments"
#define METADATA_SIZE 8192U

/* One byte per block: simple, and small compared with the layout. */
struct blocks {
	uint8_t *is_in;
	uint64_t count;
};

static int blocks_init(struct blocks *b, uint64_t bytes)
{
	b->count = bytes / BLOCK + (bytes % BLOCK != 0);
	b->is_in = calloc(b->count + 1, 1);
	return b->is_in ? 0 : -ENOMEM;
}

static uint64_t first_block(uint64_t offset)
{
	return offset / BLOCK;
}

/* Returns the block behind the last block of the range. */
static uint64_t end_block(const struct blocks *b, uint64_t offset, uint64_t length)
{
	uint64_t end = offset + length, block = end / BLOCK + (end % BLOCK != 0);

	return block < b->count ? block : b->count;
}

static void blocks_add(struct blocks *b, uint64_t offset, uint64_t length)
{
	uint64_t block, end = end_block(b, offset, length);

	for (block = first_block(offset); block < end; block++)
		b->is_in[block] = 1;
}

static bool blocks_have(const struct blocks *b, const struct layout_piece *p)
{
	uint64_t block, end = end_block(b, p->offset, p->length);

	for (block = first_block(p->offset); block < end; block++)
		if (!b->is_in[block])
			return false;
	return true;
}

/* Returns the first piece that ends behind offset.  Two pieces of an image do not overlap,
 * or they are the same bytes.
 */
static size_t piece_at(const struct layout *l, uint64_t offset)
{
	size_t low = 0, high = l->piece_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (l->pieces[middle].offset + l->pieces[middle].length <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t bytes_of(const struct layout *l, const char *name)
{
	const struct layout_file *f = layout_find(l, name);

	return f ? f->size : 0;
}

int profile_to_files(const struct profile *profile, const struct layout *l, struct file_list *out)
{
	uint8_t *is_listed = calloc(l->piece_count + 1, 1);
	const struct layout_piece *p;
	struct blocks read = { 0 };
	uint64_t from, to;
	size_t i, k;
	int err = blocks_init(&read, l->bytes);

	memset(out, 0, sizeof *out);
	memcpy(out->roothash, profile->roothash, sizeof out->roothash);
	out->inodes = bytes_of(l, INODES);
	out->directories = bytes_of(l, DIRECTORIES);
	if (!is_listed)
		err = -ENOMEM;
	for (i = 0; i < profile->count && !err; i++) {
		from = first_block(profile->entries[i].offset) * BLOCK;
		to = end_block(&read, profile->entries[i].offset, profile->entries[i].length) * BLOCK;
		blocks_add(&read, profile->entries[i].offset, profile->entries[i].length);
		for (k = piece_at(l, from); k < l->piece_count && !err; k++) {
			p = &l->pieces[k];
			if (p->offset >= to)
				break;
			if (is_listed[k] || !blocks_have(&read, p))
				continue;
			is_listed[k] = 1;
			err = file_list_add(out, l->files[p->file].name, p->start, p->size);
		}
	}
	free(is_listed);
	free(read.is_in);
	return err;
}

/* Adds the blocks of a piece that were not added before. */
static int add_piece(struct profile *out, struct blocks *b, const struct layout_piece *p)
{
	uint64_t block, end = end_block(b, p->offset, p->length);
	int err = 0;

	for (block = first_block(p->offset); block < end && !err; block++) {
		if (!b->is_in[block])
			err = profile_add(out, block * BLOCK, BLOCK);
		b->is_in[block] = 1;
	}
	return err;
}

struct translation {
	const struct file_list *list;
	const struct layout *layout;
	struct blocks wanted;
	bool has_fragments;
	struct profile *out;
};

/* In an image whose table has another length, the same entries are at about the same
 * fraction of the table.
 */
static struct file_range scale(const struct file_range *r, uint64_t old, uint64_t new)
{
	double factor = (double)new / (double)old;
	uint64_t start = (uint64_t)((double)r->start * factor);

	start = start > METADATA_SIZE ? start - METADATA_SIZE : 0;
	return (struct file_range){ r->name, start,
		(uint64_t)((double)r->length * factor) + 2 * METADATA_SIZE };
}

static struct file_range range_in(const struct translation *t, const struct file_range *r,
				  const struct layout_file *f)
{
	uint64_t old = 0;

	if (!strcmp(r->name, INODES))
		old = t->list->inodes;
	else if (!strcmp(r->name, DIRECTORIES))
		old = t->list->directories;
	/* A range that is outside of the old table is not scaled. */
	if (!old || old == f->size || r->start >= old || r->length > old)
		return *r;
	return scale(r, old, f->size);
}

static int add_range(struct translation *t, const struct layout_file *f,
		     const struct file_range *r);

/* The place of a fragment block must be read too, from the fragment table. */
static int add_fragment_table(struct translation *t)
{
	const struct layout_file *f = layout_find(t->layout, FRAGMENTS);
	const struct file_range all = { .name = FRAGMENTS, .length = f ? f->size : 0 };

	t->has_fragments = true;
	return f ? add_range(t, f, &all) : 0;
}

static int add_range(struct translation *t, const struct layout_file *f,
		     const struct file_range *r)
{
	const struct layout_piece *p;
	size_t i;
	int err = 0;

	for (i = 0; i < f->count && !err; i++) {
		p = t->layout->by_file[f->first + i];
		if (p->start >= r->start + r->length || p->start + p->size <= r->start)
			continue;
		if (p->is_fragment && !t->has_fragments)
			err = add_fragment_table(t);
		if (!err)
			err = add_piece(t->out, &t->wanted, p);
	}
	return err;
}

int profile_of_files(const struct file_list *list, const struct layout *l,
		     struct profile *out, size_t *missing)
{
	struct translation t = { .list = list, .layout = l, .out = out };
	const struct layout_file *f;
	struct file_range range;
	size_t i;
	int err = blocks_init(&t.wanted, l->bytes);

	memset(out, 0, sizeof *out);
	*missing = 0;
	for (i = 0; i < list->count && !err; i++) {
		f = layout_find(l, list->entries[i].name);
		if (!f) {
			++*missing;
			continue;
		}
		range = range_in(&t, &list->entries[i], f);
		/* A hole or an empty file exists, though no bytes are stored for it. */
		*missing += f->size && range.start >= f->size;
		err = add_range(&t, f, &range);
	}
	free(t.wanted.is_in);
	return err;
}

/* Counts the hash blocks that verify these data blocks, and the superblock. */
static int count_hashes(const struct blocks *read, uint64_t *bytes)
{
	uint8_t salt[VERITY_PACK_SALT_SIZE];
	uint64_t block, parent, count = 1;
	struct blocks seen;
	struct verity v;
	unsigned index;
	int err;

	verity_pack_salt(read->count, salt);
	err = verity_init(&v, read->count, salt, sizeof salt, NULL);
	if (err)
		return err;
	err = blocks_init(&seen, v.total_blocks * BLOCK);
	for (block = 0; block < read->count && !err; block++) {
		if (!read->is_in[block])
			continue;
		for (parent = verity_parent(&v, block, &index);
		     parent != VERITY_ROOT && !seen.is_in[parent];
		     parent = verity_parent(&v, parent, &index)) {
			seen.is_in[parent] = 1;
			count++;
		}
	}
	*bytes = count * BLOCK;
	free(seen.is_in);
	verity_free(&v);
	return err;
}

static void add_kind(const struct layout *l, const struct layout_piece *p,
		     struct profile_needs *out)
{
	if (p->is_fragment)
		out->fragments += p->length;
	else if (l->files[p->file].name[0] == '@')
		out->tables += p->length;
	else
		out->files += p->length;
}

int profile_needs(const struct profile *profile, const struct layout *l,
		  uint64_t data_bytes, struct profile_needs *out)
{
	uint64_t i, blocks = 0;
	struct blocks read;
	int err = blocks_init(&read, data_bytes);

	memset(out, 0, sizeof *out);
	if (err)
		return err;
	for (i = 0; i < profile->count; i++)
		blocks_add(&read, profile->entries[i].offset, profile->entries[i].length);
	for (i = 0; i < read.count; i++)
		blocks += read.is_in[i];
	for (i = 0; i < l->piece_count; i++)
		if ((!i || l->pieces[i - 1].offset != l->pieces[i].offset) &&
		    blocks_have(&read, &l->pieces[i]))
			add_kind(l, &l->pieces[i], out);
	out->edges = blocks * BLOCK - out->files - out->fragments - out->tables;
	err = count_hashes(&read, &out->hashes);
	out->total = blocks * BLOCK + out->hashes;
	free(read.is_in);
	return err;
}
