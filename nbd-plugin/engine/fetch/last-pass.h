/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The last pass over a store in a file: when all blocks are present, each is read back and verified
 * once more before the image counts as materialized, because from then on the file may be used
 * without the engine (farroot attach --supervise --pivot).  A block that has changed meanwhile is
 * fetched again.  Blocks that were found in the file of an earlier run have been read from it: they
 * are not read once more.
 *
 * Nothing here blocks, except for the disk of the store.
 */
#ifndef FARROOT_LAST_PASS_H
#define FARROOT_LAST_PASS_H

#include <stdbool.h>
#include <stdint.h>

struct fetch;

/* Returns 0 or -ENOMEM. */
int last_pass_init(struct fetch *f);
void last_pass_free(struct fetch *f);

/* Blocks of the open image that have come from an origin were written to the store. */
void last_pass_note(struct fetch *f, uint64_t start, uint32_t count);

/* Checks some blocks, if all are present and a pass is due.  Returns whether there is more to do
 * at once.
 */
bool last_pass_step(struct fetch *f);

/* Whether each present block has been read back since it was written, or need not be. */
bool last_pass_is_done(const struct fetch *f);

/* Milliseconds until last_pass_step is due; UINT64_MAX: never. */
uint64_t last_pass_in_ms(const struct fetch *f);

#endif
