/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "squashfs/repack.h"
#include "squashfs/tables-writer.h"

#define DEVICE_BLOCK 4096
#define METADATA_STORED 0x8000U

struct packing {
	struct squashfs_reader in;
	struct contents contents;
	sqfs_file_t *out;
	sqfs_compressor_t *pack;
	sqfs_frag_table_t *fragments;	/* of out */
	uint64_t at;			/* where out ends */
	uint8_t *raw, *block, *packed;	/* buffers of one block */
	uint8_t *ends;			/* the fragment block being filled */
	size_t ends_bytes;
	uint32_t ends_number;
	uint8_t *opened;		/* the fragment block that was read last */
	uint32_t opened_number;
	uint8_t *is_split;		/* per fragment block of in: part of it was moved */
	uint32_t *new_fragment;		/* per fragment block of in: its number in out, if copied */
};

static int append(struct packing *p, const void *bytes, size_t size)
{
	int err = squashfs_error(p->out->write_at(p->out, p->at, bytes, size));

	p->at += size;
	return err;
}

static int align(struct packing *p)
{
	static const uint8_t zeroes[DEVICE_BLOCK];

	return p->at % DEVICE_BLOCK ? append(p, zeroes, DEVICE_BLOCK - p->at % DEVICE_BLOCK) : 0;
}

/* Reads a compressed block into p->raw.  length has the bit for stored blocks. */
static int read_raw(struct packing *p, uint64_t offset, uint32_t length)
{
	length &= ~SQUASHFS_BLOCK_STORED;
	if (length > p->in.super.block_size)
		return -EINVAL;
	return squashfs_error(p->in.file->read_at(p->in.file, offset, p->raw, length));
}

/* Decompresses p->raw, which must have bytes bytes. */
static int unpack(struct packing *p, uint32_t length, uint8_t *out, size_t bytes)
{
	uint32_t stored = length & ~SQUASHFS_BLOCK_STORED;
	int32_t got;

	if (length & SQUASHFS_BLOCK_STORED) {
		if (stored < bytes)
			return -EINVAL;
		memcpy(out, p->raw, bytes);
		return 0;
	}
	got = p->in.unpack->do_block(p->in.unpack, p->raw, stored, out, p->in.super.block_size);
	return got < 0 || (size_t)got < bytes ? -EINVAL : 0;
}

/* Compresses bytes and appends them, or the length bytes of p->raw if these are fewer (0:
 * there are none).  *out is the length of the result.
 */
static int append_packed(struct packing *p, const uint8_t *bytes, size_t size,
			 uint32_t length, uint32_t *out)
{
	int32_t got = p->pack->do_block(p->pack, bytes, (sqfs_u32)size, p->packed,
					(sqfs_u32)size);

	if (got < 0 && got != SQFS_ERROR_OVERFLOW)
		return squashfs_error(got);
	if (length && (got <= 0 || (uint32_t)got >= (length & ~SQUASHFS_BLOCK_STORED))) {
		*out = length;
		return append(p, p->raw, length & ~SQUASHFS_BLOCK_STORED);
	}
	if (got > 0 && (size_t)got < size) {
		*out = (uint32_t)got;
		return append(p, p->packed, (size_t)got);
	}
	*out = (uint32_t)size | SQUASHFS_BLOCK_STORED;
	return append(p, bytes, size);
}

static int write_blocks(struct packing *p, struct content *c, bool again)
{
	uint64_t offset = c->start;
	size_t i, bytes;
	int err = 0;

	c->blocks_written = true;
	c->new_start = c->count ? p->at : 0;
	c->new_count = c->count;
	for (i = 0; i < c->count && !err; i++) {
		c->new_blocks[i] = c->blocks[i];
		if (!(c->blocks[i] & ~SQUASHFS_BLOCK_STORED))	/* a hole */
			continue;
		err = read_raw(p, offset, c->blocks[i]);
		offset += c->blocks[i] & ~SQUASHFS_BLOCK_STORED;
		bytes = content_block_bytes(c, i, p->in.super.block_size);
		if (!err && again)
			err = unpack(p, c->blocks[i], p->block, bytes);
		if (err)
			break;
		err = again ? append_packed(p, p->block, bytes, c->blocks[i], &c->new_blocks[i]) :
			      append(p, p->raw, c->blocks[i] & ~SQUASHFS_BLOCK_STORED);
	}
	return err;
}

/* Returns the end of a file.  Its fragment block is decompressed only if it is not the same
 * as in the previous call.
 */
static int read_end(struct packing *p, const struct content *c, const uint8_t **out)
{
	size_t bytes = content_end_bytes(c, p->in.super.block_size);
	sqfs_fragment_t fragment;
	int err;

	if (c->offset > p->in.super.block_size || bytes > p->in.super.block_size - c->offset)
		return -EINVAL;
	*out = p->opened + c->offset;
	if (p->opened_number == c->fragment)
		return 0;
	p->opened_number = SQUASHFS_NO_FRAGMENT;
	err = squashfs_error(sqfs_frag_table_lookup(p->in.fragments, c->fragment, &fragment));
	if (!err)
		err = read_raw(p, fragment.start_offset, fragment.size);
	/* The last fragment block may be shorter than a block; the rest is zeroed. */
	memset(p->opened, 0, p->in.super.block_size);
	if (!err)
		err = unpack(p, fragment.size, p->opened, fragment.size & SQUASHFS_BLOCK_STORED ?
			     fragment.size & ~SQUASHFS_BLOCK_STORED : 0);
	if (!err)
		p->opened_number = c->fragment;
	return err;
}

static int flush_ends(struct packing *p)
{
	uint64_t start = p->at;
	uint32_t length;
	int err;

	if (!p->ends_bytes)
		return 0;
	err = append_packed(p, p->ends, p->ends_bytes, 0, &length);
	p->ends_bytes = 0;
	if (!err)
		err = squashfs_error(sqfs_frag_table_set(p->fragments, p->ends_number, start, length));
	return err;
}

static int write_end(struct packing *p, struct content *c)
{
	size_t bytes = content_end_bytes(c, p->in.super.block_size);
	const uint8_t *end;
	int err = 0;

	c->end_written = true;
	p->is_split[c->fragment] = 1;
	if (p->ends_bytes + bytes > p->in.super.block_size)
		err = flush_ends(p);
	if (!err)
		err = read_end(p, c, &end);
	/* A fragment block gets its number at its beginning, and its place when it is full. */
	if (!err && !p->ends_bytes)
		err = squashfs_error(sqfs_frag_table_append(p->fragments, 0, 0, &p->ends_number));
	if (err)
		return err;
	c->new_fragment = p->ends_number;
	c->new_offset = (uint32_t)p->ends_bytes;
	memcpy(p->ends + p->ends_bytes, end, bytes);
	p->ends_bytes += bytes;
	return 0;
}

/* Before a block is written, its new length marks whether a boot reads the block. */
static void mark_blocks(struct packing *p, const struct file_list *boot)
{
	const uint64_t size = p->in.super.block_size;
	const struct file_range *r;
	struct content *c;
	uint64_t i;

	for (r = boot->entries; r < boot->entries + boot->count; r++) {
		c = contents_find(&p->contents, r->name);
		for (i = r->start / size; c && i < c->count && i * size < r->start + r->length; i++)
			c->new_blocks[i] = 1;
	}
}

static bool is_read_whole(const struct content *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (!c->new_blocks[i] && c->blocks[i] & ~SQUASHFS_BLOCK_STORED)
			return false;
	return true;
}

/* Writes the files that a boot reads completely, without gaps (is_whole), or the others. */
static int write_boot_part(struct packing *p, const struct file_list *boot, bool is_whole)
{
	const struct file_range *r;
	struct content *c;
	uint64_t blocks_end;
	int err = 0;

	for (r = boot->entries; r < boot->entries + boot->count && !err; r++) {
		c = contents_find(&p->contents, r->name);
		if (!c)
			continue;
		blocks_end = c->count * (uint64_t)p->in.super.block_size;
		if (!c->blocks_written && r->start < blocks_end && is_read_whole(c) == is_whole)
			err = write_blocks(p, c, true);
		if (!err && !c->end_written && r->start + r->length > blocks_end)
			err = write_end(p, c);
	}
	return err ? err : flush_ends(p);
}

static int write_boot(struct packing *p, const struct file_list *boot)
{
	int err;

	mark_blocks(p, boot);
	err = write_boot_part(p, boot, true);
	return err ? err : write_boot_part(p, boot, false);
}

/* Puts the rest of the fragment blocks that were split into new fragment blocks. */
static int write_rest_of_split(struct packing *p)
{
	struct content *c;
	int err = 0;

	for (c = p->contents.list; c < p->contents.list + p->contents.count && !err; c++)
		if (!c->end_written && p->is_split[c->fragment])
			err = write_end(p, c);
	return err ? err : flush_ends(p);
}

static int copy_fragments(struct packing *p)
{
	size_t i, count = sqfs_frag_table_get_size(p->in.fragments);
	sqfs_fragment_t fragment;
	struct content *c;
	int err = 0;

	for (i = 0; i < count && !err; i++) {
		if (p->is_split[i])
			continue;
		err = squashfs_error(sqfs_frag_table_lookup(p->in.fragments, (sqfs_u32)i, &fragment));
		if (!err)
			err = read_raw(p, fragment.start_offset, fragment.size);
		if (!err)
			err = squashfs_error(sqfs_frag_table_append(p->fragments, p->at, fragment.size,
								    &p->new_fragment[i]));
		if (!err)
			err = append(p, p->raw, fragment.size & ~SQUASHFS_BLOCK_STORED);
	}
	for (c = p->contents.list; c < p->contents.list + p->contents.count; c++)
		if (!c->end_written)
			c->new_fragment = p->new_fragment[c->fragment];
	return err;
}

static int write_rest(struct packing *p)
{
	struct content *c;
	int err = align(p);

	for (c = p->contents.list; c < p->contents.list + p->contents.count && !err; c++)
		if (!c->blocks_written)
			err = write_blocks(p, c, false);
	if (!err)
		err = write_rest_of_split(p);
	return err ? err : copy_fragments(p);
}

/* The end becomes a block, as in a squashfs without fragments. */
static int write_apart(struct packing *p, struct content *c)
{
	size_t bytes = content_end_bytes(c, p->in.super.block_size);
	const uint8_t *end;
	int err = align(p);

	if (!err)
		err = write_blocks(p, c, false);
	if (err || c->end_written)
		return err;
	c->end_written = true;
	if (!c->count)
		c->new_start = p->at;
	err = read_end(p, c, &end);
	if (err)
		return err;
	c->new_blocks[c->new_count++] = (uint32_t)bytes | SQUASHFS_BLOCK_STORED;
	c->new_fragment = SQUASHFS_NO_FRAGMENT;
	c->new_offset = 0;
	return append(p, end, bytes);
}

static int write_all_apart(struct packing *p)
{
	struct content *c;
	int err = 0;

	for (c = p->contents.list; c < p->contents.list + p->contents.count && !err; c++)
		if (!c->blocks_written || !c->end_written)
			err = write_apart(p, c);
	return err;
}

/* Writes zeroes for the superblock, which is written last, and the same compressor options. */
static int write_head(struct packing *p)
{
	uint8_t head[sizeof(sqfs_super_t)] = { 0 }, options[512];
	uint16_t length = 0;
	int err = append(p, head, sizeof head);

	if (err || !(p->in.super.flags & SQFS_FLAG_COMPRESSOR_OPTIONS))
		return err;
	err = squashfs_error(p->in.file->read_at(p->in.file, sizeof head, &length, sizeof length));
	length = (uint16_t)(sizeof length + (le16toh(length) & ~METADATA_STORED));
	if (err || length > sizeof options)
		return err ? err : -EINVAL;
	err = squashfs_error(p->in.file->read_at(p->in.file, sizeof head, options, length));
	return err ? err : append(p, options, length);
}

static int prepare(struct packing *p, const char *in, const char *out)
{
	size_t fragments, size;
	int err = squashfs_reader_open(in, &p->in);

	if (err || (err = contents_collect(&p->in, &p->contents)) ||
	    (err = squashfs_compressor(&p->in, &p->pack)))
		return err;
	fragments = sqfs_frag_table_get_size(p->in.fragments);
	size = p->in.super.block_size;
	p->opened_number = SQUASHFS_NO_FRAGMENT;
	p->fragments = sqfs_frag_table_create(0);
	p->raw = malloc(size);
	p->block = malloc(size);
	p->packed = malloc(size);
	p->ends = malloc(size);
	p->opened = malloc(size);
	p->is_split = calloc(fragments + 1, sizeof *p->is_split);
	p->new_fragment = calloc(fragments + 1, sizeof *p->new_fragment);
	if (!p->fragments || !p->raw || !p->block || !p->packed || !p->ends || !p->opened ||
	    !p->is_split || !p->new_fragment)
		return -ENOMEM;
	errno = 0;
	p->out = sqfs_open_file(out, SQFS_FILE_OPEN_OVERWRITE);
	return p->out ? 0 : errno ? -errno : -EIO;
}

/* Checks the numbers that are used as indices later. */
static int check_fragments(const struct packing *p)
{
	size_t count = sqfs_frag_table_get_size(p->in.fragments);
	const struct content *c;

	for (c = p->contents.list; c < p->contents.list + p->contents.count; c++)
		if (c->fragment != SQUASHFS_NO_FRAGMENT && c->fragment >= count)
			return -EINVAL;
	return 0;
}

static void clean_up(struct packing *p)
{
	contents_free(&p->contents);
	squashfs_reader_close(&p->in);
	if (p->out)
		sqfs_destroy(p->out);
	if (p->pack)
		sqfs_destroy(p->pack);
	if (p->fragments)
		sqfs_destroy(p->fragments);
	free(p->raw);
	free(p->block);
	free(p->packed);
	free(p->ends);
	free(p->opened);
	free(p->is_split);
	free(p->new_fragment);
}

int squashfs_repack(const char *in, const char *out, const struct file_list *boot)
{
	struct packing p = { 0 };
	int err;

	if ((err = prepare(&p, in, out)) || (err = check_fragments(&p)) || (err = write_head(&p)))
		goto out;
	if (!boot)
		err = write_all_apart(&p);
	else if (!(err = write_boot(&p, boot)))
		err = write_rest(&p);
	if (!err)
		err = squashfs_write_tables(&p.in, &p.contents, p.fragments, p.pack, p.out);
out:
	clean_up(&p);
	return err;
}
