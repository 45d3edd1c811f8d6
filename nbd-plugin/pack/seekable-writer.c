/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "engine/format/seek-table.h"
#include "engine/verity/verity.h"
#include "pack/seekable-writer.h"
#include "pack/write-all.h"

#define ENTRIES_BYTES_MAX (SEEK_TABLE_MAX_BYTES - SEEK_TABLE_HEADER - SEEK_TABLE_FOOTER)
/* The magic number of any skippable frame, and its header.  Source: RFC 8878, 3.1.2. */
#define PADDING_MAGIC 0x184D2A50U
#define PADDING_HEADER 8U

static void put32(uint8_t *at, uint32_t n)
{
	n = htole32(n);
	memcpy(at, &n, sizeof n);
}

static size_t entry_bytes(const struct seekable_writer *w)
{
	return w->is_plain ? 8 : 12;
}

static int add_entry(struct seekable_writer *w, uint32_t compressed_bytes, uint32_t bytes,
		     uint32_t checksum)
{
	size_t size = entry_bytes(w), most = ENTRIES_BYTES_MAX / size;
	uint8_t *entry = array_grow(w->entries, w->count, &w->space, size, most);

	if (!entry)
		return w->count == most ? -E2BIG : -ENOMEM;
	w->entries = entry;
	entry += w->count * size;
	put32(entry, compressed_bytes);
	put32(entry + 4, bytes);
	if (!w->is_plain)
		put32(entry + 8, checksum);
	w->count++;
	w->bytes += compressed_bytes;
	return 0;
}

int seekable_writer_add(struct seekable_writer *w, const uint8_t *compressed, size_t compressed_bytes,
			uint32_t bytes, uint32_t checksum)
{
	int err = add_entry(w, (uint32_t)compressed_bytes, bytes, checksum);

	return err ? err : write_all(w->fd, compressed, compressed_bytes);
}

int seekable_writer_resume(struct seekable_writer *w, const struct seek_table *table)
{
	size_t size;

	w->is_plain = !table->has_checksums;
	w->bytes = table->frames_bytes;
	w->count = w->space = table->frames;
	size = w->count * entry_bytes(w);
	w->entries = malloc(size);
	if (!w->entries)
		return -ENOMEM;
	memcpy(w->entries, table->entries, size);
	return 0;
}

static size_t table_bytes(const struct seekable_writer *w, size_t frames)
{
	return SEEK_TABLE_HEADER + frames * entry_bytes(w) + SEEK_TABLE_FOOTER;
}

/* The checksum of no bytes; the format asks for one of each frame. */
#define CHECKSUM_OF_NOTHING 0x51D8E999U

/* A skippable frame, if the table would not end with a block. */
static int pad(struct seekable_writer *w)
{
	uint8_t padding[VERITY_BLOCK_SIZE + PADDING_HEADER] = { 0 };
	size_t size;

	if ((w->bytes + table_bytes(w, w->count)) % VERITY_BLOCK_SIZE == 0)
		return 0;
	size = VERITY_BLOCK_SIZE - (w->bytes + table_bytes(w, w->count + 1)) % VERITY_BLOCK_SIZE;
	if (size < PADDING_HEADER)
		size += VERITY_BLOCK_SIZE;
	put32(padding, PADDING_MAGIC);
	put32(padding + 4, (uint32_t)(size - PADDING_HEADER));
	return seekable_writer_add(w, padding, size, 0, CHECKSUM_OF_NOTHING);
}

int seekable_writer_finish(struct seekable_writer *w)
{
	uint8_t header[SEEK_TABLE_HEADER], footer[SEEK_TABLE_FOOTER];
	int err = pad(w);

	if (err)
		return err;
	put32(header, SEEK_TABLE_FRAME_MAGIC);
	put32(header + 4, (uint32_t)(table_bytes(w, w->count) - SEEK_TABLE_HEADER));
	put32(footer, (uint32_t)w->count);
	footer[4] = w->is_plain ? 0 : SEEK_TABLE_HAS_CHECKSUMS;
	put32(footer + 5, SEEK_TABLE_MAGIC);
	err = write_all(w->fd, header, sizeof header);
	if (!err)
		err = write_all(w->fd, w->entries, w->count * entry_bytes(w));
	return err ? err : write_all(w->fd, footer, sizeof footer);
}

void seekable_writer_free(struct seekable_writer *w)
{
	free(w->entries);
	*w = (struct seekable_writer){ .fd = -1 };
}
