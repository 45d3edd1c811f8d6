/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profile-files.h"
#include "verity.h"

#define BLOCK VERITY_BLOCK_SIZE

/* A byte per block: simple, and small beside the layout. */
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

/* One behind the last. */
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

/* The first piece that ends behind offset; pieces of an image do not overlap, or
 * are the same bytes.
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

/* The blocks of a piece that are not there yet. */
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

int profile_of_files(const struct file_list *list, const struct layout *l,
		     struct profile *out, size_t *missing)
{
	const struct layout_piece *p;
	const struct layout_file *f;
	const struct file_range *r;
	struct blocks wanted;
	size_t i, k;
	bool found;
	int err = blocks_init(&wanted, l->bytes);

	memset(out, 0, sizeof *out);
	*missing = 0;
	for (i = 0; i < list->count && !err; i++) {
		r = &list->entries[i];
		f = layout_find(l, r->name);
		found = false;
		for (k = 0; f && k < f->count && !err; k++) {
			p = l->by_file[f->first + k];
			if (p->start >= r->start + r->length || p->start + p->size <= r->start)
				continue;
			found = true;
			err = add_piece(out, &wanted, p);
		}
		*missing += !found;
	}
	free(wanted.is_in);
	return err;
}

/* The hash blocks above those data blocks, and the tree's superblock. */
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
