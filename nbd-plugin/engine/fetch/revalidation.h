/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Revalidation: blocks that an earlier run left in the store (candidates) count as
 * present once they verify.
 */
#ifndef FARROOT_REVALIDATION_H
#define FARROOT_REVALIDATION_H

#include <stdbool.h>
#include <stdint.h>

struct fetch;

/* Returns 0 or -ENOMEM; free with revalidation_free. */
int revalidation_init(struct fetch *f);
void revalidation_free(struct fetch *f);

/* Gets a hash block, and the hash blocks that prove it, from the candidates or by
 * requests.
 */
void revalidation_need_hash(struct fetch *f, uint64_t block);
/* Checks the candidates that pending reads need. */
void revalidation_check_demands(struct fetch *f);
/* Checks a few more candidates: all of them, or without fill those of the profile.  Returns
 * whether there may be more to check now.
 */
bool revalidation_check_some(struct fetch *f);
/* Looks at all candidates once more, because more of them are wanted now. */
void revalidation_restart(struct fetch *f);

#endif
