/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The fetch thread of an image:
 *
 *   take reads in ─► hand over what is present ─► request the next extents
 *        ▲                                                   │
 *        └── wake readers ◄─ put ◄─ verify ◄─ receive ◄──────┘
 *
 * It alone sends requests to origins and changes the store, so neither needs a lock.
 * Readers' threads reach it through its inbox.
 */
#ifndef FARROOT_FETCH_H
#define FARROOT_FETCH_H

#include "common/log.h"
#include "common/options.h"

struct fetch;
struct inbox;

/* Makes everything but the thread; options and log must outlive it.  No network.
 * Returns 0 or -errno, having logged why.
 */
int fetch_new(const struct options *options, const struct log *log, struct fetch **out);
/* Starts the thread, which begins to open the image.  on_failure(ctx), unless NULL, is called
 * in it if it has to end.  Returns 0 or -errno.
 */
int fetch_start(struct fetch *fetch, void (*on_failure)(void *ctx), void *ctx);
/* Stops the thread, which fails pending reads with -ESHUTDOWN; blocks until it has
 * ended.  NULL is allowed.  No reader may be in the inbox afterwards.
 */
void fetch_free(struct fetch *fetch);

/* The inbox for readers' threads; it belongs to fetch. */
struct inbox *fetch_inbox(const struct fetch *fetch);

#endif
