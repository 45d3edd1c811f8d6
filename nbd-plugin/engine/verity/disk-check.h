/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What is read from a store on a disk is verified at each read: a disk can change what it keeps,
 * after it was written and verified.  For that, the digests of all blocks below a verified hash
 * block are in memory, 8 MiB for each GiB of the image.  A store in memory needs none of this.
 *
 * The fetch thread makes it and tells it the hash blocks.  Any thread may read, without a lock.
 */
#ifndef FARROOT_DISK_CHECK_H
#define FARROOT_DISK_CHECK_H

#include <stdint.h>

#include "engine/store/store.h"
#include "engine/verity/verity.h"

struct disk_check;

/* verity must stay as it is.  Returns 0 or -ENOMEM. */
int disk_check_new(const struct verity *verity, struct disk_check **out);
/* NULL is fine. */
void disk_check_free(struct disk_check *check);

/* Takes the digests of a hash block that has verified.  The fetch thread alone. */
void disk_check_learn(struct disk_check *check, uint64_t block, const uint8_t bytes[VERITY_BLOCK_SIZE]);

/* store_read, and each block that it read is verified; check NULL: none is.  Returns 0, or -EAGAIN if
 * not all of the blocks are present, or one of them does not verify; buf is undefined then.
 */
int disk_check_read(struct disk_check *check, struct store *store, void *buf, uint64_t offset, uint32_t count);

#endif
