/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The local copy of an image: a sparse file, in memory or on a disk, and one
 * bit per block that says it is there and verified.
 *
 *            put                     evict, drop
 *   absent ───────► present ──────────────────────► absent
 *     ▲                ▲
 *     │ drop           │ believe (it verified)
 *     └── candidate ───┘      found in the file of an earlier run
 *
 * One thread, the fetch thread, changes the store; any thread may read it at any
 * time, without a lock.  A block is written before its bit is set, and its bit
 * is cleared and the generation raised before it is punched out, so a reader
 * that finds the bits set and the generation unchanged has read good bytes.
 */
#ifndef FARROOT_STORE_H
#define FARROOT_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"

#define STORE_BLOCK 4096
/* Blocks that are evicted together, 64 KiB. */
#define STORE_GROUP 16

struct store;

/* path NULL: in memory.  A file is created if need be and locked against other
 * processes.  Returns 0 or -errno, having logged why.
 */
int store_new(const char *path, const struct log *log, struct store **out);
void store_free(struct store *store);

/* The descriptor of a store on disk, -1 for one in memory. */
int store_disk_fd(const struct store *store);

/* Sets the size of the image and the most bytes to hold; finds candidates in a
 * file.  Once, before anything below.  Returns 0 or -errno, having logged why.
 */
int store_set_size(struct store *store, uint64_t size_bytes, uint64_t budget_bytes);

/* Makes it as it was before that.  For the one thread that knows of it yet. */
void store_forget_size(struct store *store);

/* Any thread, no locks, no waits but for the disk. */
bool store_has(const struct store *store, uint64_t block);
uint64_t store_present_blocks(const struct store *store);
uint64_t store_capacity_bytes(const struct store *store);
/* Copies out.  0; -EAGAIN: not all of it is there (any more). */
int store_read(struct store *store, void *buf, uint64_t offset, uint32_t count);

/* The fetch thread only. */

/* Takes verified bytes (the last block of an image may be short); makes room by
 * evicting what was not read lately.  Never fails for good: a full disk lowers
 * the budget, a broken one is given up for memory, and a block that could not
 * be kept is just absent.
 */
void store_put(struct store *store, uint64_t block, uint32_t count, const uint8_t *bytes);
bool store_is_candidate(const struct store *store, uint64_t block);
/* Reads an unverified candidate.  0 or -EIO. */
int store_read_candidate(struct store *store, uint64_t block, uint8_t out[STORE_BLOCK]);
void store_believe(struct store *store, uint64_t block);
/* Forgets a present or candidate block. */
void store_drop(struct store *store, uint64_t block);
/* Whether so many absent blocks can be put without evicting anything. */
bool store_has_room(const struct store *store, uint32_t blocks);
/* The first block at or after this one that is absent; their number if none. */
uint64_t store_next_absent(const struct store *store, uint64_t block);

#endif
