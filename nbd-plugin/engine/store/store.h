/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The local copy of an image: a sparse file, in memory or on a disk, and one bit per
 * block that says that the block is present and verified.
 *
 *            put                     evict, drop
 *   absent ───────► present ──────────────────────► absent
 *     ▲                ▲
 *     │ drop           │ store_believe: revalidation was successful
 *     └── candidate ───┘      found in the file of an earlier run
 *
 * One thread, the fetch thread, changes the store.  Any thread may read it at any time,
 * without a lock.  A block is written before its bit is set.  Its bit is cleared and the
 * generation is raised before its space is punched out.  So a reader that finds the bits
 * set and the generation unchanged has read good bytes.
 */
#ifndef FARROOT_STORE_H
#define FARROOT_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/atomic-bitmap.h"
#include "common/log.h"

#define STORE_BLOCK 4096
/* The number of blocks that are evicted together: 64 KiB. */
#define STORE_GROUP 16

struct store;

/* Before the store is shared with other threads: */

/* Makes a store in the file path, or in memory if path is NULL.  The file is created if
 * it does not exist, and locked against other processes.  log must outlive the store.
 * Returns 0 or -errno, after logging the reason.  Blocks for the disk.
 */
int store_new(const char *path, const struct log *log, struct store **out);
/* Closes the file, which stays.  NULL is fine. */
void store_free(struct store *store);

/* Returns the descriptor of a store on a disk, which the store owns; -1 for a store in
 * memory.
 */
int store_disk_fd(const struct store *store);
/* Returns whether the bytes are in memory: no path was given, or the path is on a tmpfs.
 * store_put may change it.
 */
bool store_is_in_memory(const struct store *store);

/* Sets the size of the image and the capacity, and finds the candidates in a file.  Must
 * be called once before any function below.  Returns 0 or -errno, after logging the
 * reason.  Blocks for the disk.
 */
int store_set_size(struct store *store, uint64_t size_bytes, uint64_t capacity_bytes);

/* Undoes store_set_size. */
void store_forget_size(struct store *store);

/* Any thread, at any time.  No locks; blocks only for the disk. */

/* Returns whether the block is present. */
bool store_has(const struct store *store, uint64_t block);
/* The number of present blocks. */
uint64_t store_present_blocks(const struct store *store);
/* A number that changes when a block becomes absent. */
uint64_t store_losses(const struct store *store);
/* The capacity now: a full disk lowers it, and store_give_back. */
uint64_t store_capacity_bytes(const struct store *store);
/* Copies count bytes at offset into buf; they must be inside the image, count > 0.
 * Returns 0, or -EAGAIN if not all of the blocks are present (any more); the contents of
 * buf are then undefined.
 */
int store_read(struct store *store, void *buf, uint64_t offset, uint32_t count);

/* The fetch thread only.  These block for the disk. */

/* Writes count verified blocks (the last block of an image may be short), and evicts
 * blocks that were not read recently to make room.  Errors are handled here: a full disk
 * lowers the capacity, a broken disk is replaced by an empty store in memory, and a block
 * that could not be written is absent.
 */
void store_put(struct store *store, uint64_t block, uint32_t count, const uint8_t *bytes);
/* Returns whether the block was found in the file of an earlier run and is not yet
 * revalidated.
 */
bool store_is_candidate(const struct store *store, uint64_t block);
/* Reads an unverified candidate, padded with zeroes to a whole block.  Returns 0 or -EIO. */
int store_read_candidate(struct store *store, uint64_t block, uint8_t out[STORE_BLOCK]);
/* Makes a candidate that has verified present. */
void store_believe(struct store *store, uint64_t block);
/* Makes a present or candidate block absent. */
void store_drop(struct store *store, uint64_t block);
/* Records from now on which blocks are read, as a store that evicts does.  Reads no longer use the
 * mapping of a store in memory, so call it some seconds before store_give_back: a read that has
 * begun may still use it, and a hole there takes a page again.  Does nothing if out of memory.
 */
void store_track_reads(struct store *store);
/* Counts blocks [start, end) as read recently, if the store records that. */
void store_note_read(struct store *store, uint64_t start, uint64_t end);
/* Evicts at least bytes, in whole groups, and lowers the capacity by as much, so that blocks that
 * come replace others.  Returns the bytes that were evicted.
 */
uint64_t store_give_back(struct store *store, uint64_t bytes);
/* Sets the capacity to what it was before the first store_give_back. */
void store_restore_capacity(struct store *store);
/* The capacity without store_give_back, at most the size of the image. */
uint64_t store_full_capacity_bytes(const struct store *store);
/* The bytes of the present blocks and of the candidates. */
uint64_t store_used_bytes(const struct store *store);
/* Returns whether this many absent blocks can be written without an eviction. */
bool store_has_room(const struct store *store, uint32_t blocks);
/* Returns the first block at or after block that is absent, or the number of blocks if
 * there is none.
 */
uint64_t store_next_absent(const struct store *store, uint64_t block);
/* The same for a block that is not present (it may be a candidate), and whose bit in skip, of
 * the size of the image, is clear.
 */
uint64_t store_next_not_present(const struct store *store, const struct atomic_bitmap *skip, uint64_t block);

#endif
