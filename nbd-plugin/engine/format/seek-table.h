/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The seek table of a Zstandard seekable file: which frame holds which bytes.
 *
 *   ┌─────────┬─────────┬───┬───────────┬───────────────────────────────────────────┐
 *   │ frame 0 │ frame 1 │ … │ frame N-1 │ seek table: header · N entries · footer   │
 *   └─────────┴─────────┴───┴───────────┴───────────────────────────────────────────┘
 *   0                                   offset                            file_bytes
 *
 * The table is a skippable frame, so that zstd(1) decompresses the file as any other.  Each
 * entry has the compressed and the uncompressed size of a frame.  Empty frames and skippable
 * frames have entries, too: their uncompressed size is 0.
 * Source of the format: contrib/seekable_format/zstd_seekable_compression_format.md of zstd,
 * version 0.1.0.
 *
 * Nothing in the file is trusted: all numbers are checked before memory is allocated.
 */
#ifndef FARROOT_SEEK_TABLE_H
#define FARROOT_SEEK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEK_TABLE_FRAME_MAGIC 0x184D2A5EU
#define SEEK_TABLE_MAGIC 0x8F92EAB1U
#define SEEK_TABLE_HAS_CHECKSUMS 0x80U	/* in the descriptor, a byte of the footer */
#define SEEK_TABLE_RESERVED 0x7CU
#define SEEK_TABLE_HEADER 8U		/* bytes: frame magic, size of the rest */
#define SEEK_TABLE_FOOTER 9U		/* bytes: number of frames, descriptor, magic */

/* The largest table that is read: 5.6 million frames with checksums. */
#define SEEK_TABLE_MAX_BYTES (64U << 20)
/* The largest uncompressed size of a frame that is read: each read of a frame needs memory for
 * all of it.
 */
#define SEEK_TABLE_FRAME_MAX (16U << 20)
/* A frame that does not compress is larger than its contents, by 3 bytes a block of 128 KiB. */
#define SEEK_TABLE_FRAME_GROWTH (64U << 10)

/* For messages; large enough for each. */
#define SEEK_TABLE_WHY 160

/* Where the table is; from the footer. */
struct seek_table_place {
	uint64_t offset;	/* of the header */
	uint32_t bytes;		/* of header, entries and footer */
	uint32_t frames;
	bool has_checksums;
};

struct seek_table {
	uint64_t frames_bytes;		/* the compressed size of all frames */
	uint64_t size_bytes;		/* the uncompressed size of all frames */
	uint32_t frames;
	uint32_t largest_frame;		/* the largest uncompressed size, in bytes */
	bool has_checksums;
	uint8_t *entries;		/* as in the file */
	struct seek_point *points;	/* every few frames: where that one begins */
};

struct seek_frame {
	uint32_t index;
	uint32_t compressed_bytes, bytes;
	uint64_t compressed_offset, offset;
	uint32_t checksum;		/* the low half of XXH64; only if the table has checksums */
};

/* Parses the last SEEK_TABLE_FOOTER bytes of a file of file_bytes.  Returns 0; -ENOENT if the
 * file does not end with a seek table; -EINVAL with a message in why (SEEK_TABLE_WHY bytes) if
 * it has one that cannot be used.
 */
int seek_table_find(const uint8_t footer[SEEK_TABLE_FOOTER], uint64_t file_bytes,
		    struct seek_table_place *out, char *why);

/* Parses the table, place->bytes bytes from place->offset on.  Allocates at most
 * SEEK_TABLE_MAX_BYTES and an eighth more; free with seek_table_free.  Returns 0; -ENOMEM;
 * -EINVAL; after an error there is a message in why, and nothing to free.
 */
int seek_table_parse(const struct seek_table_place *place, const uint8_t *bytes,
		     struct seek_table *out, char *why);
/* All zero is fine. */
void seek_table_free(struct seek_table *table);

/* The frame that holds the byte at offset < table->size_bytes of the uncompressed data.  Any
 * number of threads may call these three at once.
 */
void seek_table_frame_at(const struct seek_table *table, uint64_t offset, struct seek_frame *out);
/* The frame after this one.  Returns false after the last one. */
bool seek_table_next(const struct seek_table *table, struct seek_frame *frame);
/* The next frame that has bytes, however many without bytes are before it. */
bool seek_table_next_data(const struct seek_table *table, struct seek_frame *frame);

#endif
