/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Prefetch hints: blocks that will be read, known before any reader asks for them.  They
 * come from a profile, in a file or beside the image, or from the place of a squashfs's
 * tables.  A hint changes only what is requested: every block is verified as any other.
 *
 *   due ──ask──► asked ──end──► here ──(the size is known)──► scheduling ──► scheduled
 *    ▲             │
 *    └── a fault ──┴── there is no profile ──► none: the tables of the squashfs
 */
#ifndef FARROOT_PREFETCH_HINTS_H
#define FARROOT_PREFETCH_HINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/fault.h"

struct fetch;

/* Reads profile=FILE.  Returns 0 or -errno, having logged why; free with
 * prefetch_hints_free.
 */
int prefetch_hints_init(struct fetch *f);
void prefetch_hints_free(struct fetch *f);

/* Requests the profile if that is due; needs no size. */
void prefetch_hints_ask(struct fetch *f);

/* A request for the image, which is not open, was sent: a profile that found no network may
 * go along.
 */
void prefetch_hints_image_asked(struct fetch *f);
/* The next bytes of the profile, and its end. */
void prefetch_hints_receive(struct fetch *f, const uint8_t *bytes, size_t count);
void prefetch_hints_end(struct fetch *f, enum fault fault);

/* Requests the profile if that is due, and schedules what has come.  Needs a size. */
void prefetch_hints_step(struct fetch *f);
/* The size was wrong: a profile that was scheduled is requested again. */
void prefetch_hints_renew(struct fetch *f);
/* Milliseconds until prefetch_hints_step is due; UINT64_MAX: never. */
uint64_t prefetch_hints_in_ms(const struct fetch *f);

/* The text of a profile is here, and not scheduled yet. */
bool prefetch_hints_are_here(const struct fetch *f);
/* A profile has been scheduled; it is known that there is none. */
bool prefetch_hints_have_profile(const struct fetch *f);
bool prefetch_hints_are_without_profile(const struct fetch *f);

#endif
