/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * While the top of the hash tree is on its way, the first blocks that a profile names
 * are requested beside it: where blocks are depends on the size alone.  So the first
 * bytes of a boot come a round trip earlier.
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

/* What an origin claims, and which blocks bootstrap requests itself. */
struct size_claim {
	uint64_t size_bytes;
	uint64_t top_start;
	uint32_t top_count, first_count;	/* blocks; first_count from block 0 */
};

/* Whether there may be a guess: once, when a profile from an origin is here.  A store
 * on a disk is not risked for a size that nothing vouches for; nor is a profile from a
 * file, which may not be there to be read again.
 */
bool speculative_open_may_begin(const struct fetch *f);

/* Takes the claim for true until the top has come.  Returns 0 or -errno, with all
 * undone.
 */
int speculative_open_begin(struct fetch *f, const struct size_claim *claim);

/* Sends the next requests of a guess. */
void speculative_open_step(struct fetch *f);

#endif
