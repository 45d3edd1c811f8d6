/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Speculative open: while the top of the hash tree is in flight, requests the first blocks
 * that a profile names.  The size alone says where blocks are.  So the first bytes of a boot
 * come one round trip earlier.
 *
 *   a size is claimed ──► the top is requested, and beside it ──► the top verifies:
 *                         what the profile expects                  open
 *                         (bytes come, and none is judged)            │ it does not,
 *                                                                     │ or a fault
 *                         all of that is thrown away ◄────────────────┘
 */
#ifndef FARROOT_SPECULATIVE_OPEN_H
#define FARROOT_SPECULATIVE_OPEN_H

#include <stdbool.h>
#include <stdint.h>

struct fetch;

/* The size that an origin claims, and the blocks that bootstrap requests itself. */
struct size_claim {
	uint64_t size_bytes;
	uint64_t top_start;
	uint32_t top_count, first_count;	/* blocks; first_count from block 0 */
};

/* Whether a guess is possible: a profile from an origin is here.  A guess is not made with a
 * store on a disk, because a wrong size would destroy its blocks; nor with a profile from
 * a file, which can be read only once.
 */
bool speculative_open_may_begin(const struct fetch *f);

/* Sets up the image for a size that an origin claims.  Returns 0; or -errno, and nothing is
 * set up.
 */
int speculative_open_begin(struct fetch *f, const struct size_claim *claim);

/* Sends the next requests of a guess. */
void speculative_open_step(struct fetch *f);

#endif
