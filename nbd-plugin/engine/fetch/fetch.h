/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The fetch thread, the one place where things happen:
 *
 *   take in who waits ─► hand over what is there ─► ask for the next extents
 *        ▲                                                   │
 *        └── wake who waits ◄─ put ◄─ verify ◄─ receive ◄────┘
 *
 * It alone talks to origins and changes the store, so none of that needs a lock.
 * The one mutex guards the inbox and what other threads may look at, and is
 * never held across the network or the disk.
 */
#ifndef FARROOT_FETCH_H
#define FARROOT_FETCH_H

#include "common/log.h"
#include "common/options.h"
#include "common/status.h"
#include "engine/store/store.h"
#include "engine/store/access-trace.h"
#include "engine/fetch/pending-read.h"

struct fetch;

/* Whoever waits has gone? */
typedef bool fetch_gone(void *ctx);

/* Makes everything but the thread; options and log must outlive it.
 * Returns 0 or -errno, having logged why.
 */
int fetch_new(const struct options *options, const struct log *log,
	      struct fetch **out);
int fetch_start(struct fetch *fetch);
/* Fails whoever waits with -ESHUTDOWN; returns when the thread has ended. */
void fetch_free(struct fetch *fetch);

/* Blocks until the size is known; 0, -ESHUTDOWN or -EIO (outage=). */
int fetch_wait_open(struct fetch *fetch, fetch_gone *gone, void *ctx);
bool fetch_is_open(struct fetch *fetch);
/* After that: */
uint64_t fetch_size(const struct fetch *fetch);
struct store *fetch_store(const struct fetch *fetch);
struct access_trace *fetch_trace(const struct fetch *fetch);

/* Hands over a waiter that misses something and blocks until it is done. */
int fetch_wait(struct fetch *fetch, struct pending_read *read, fetch_gone *gone, void *ctx);

/* Wishes for blocks; returns at once. */
void fetch_prefetch(struct fetch *fetch, uint64_t start, uint64_t count);

/* Something is read for the first time and was here already: time to look whether
 * to read further ahead.
 */
void fetch_nudge(struct fetch *fetch);

/* Counts bytes that readers got from the store without coming here. */
void fetch_count_served(struct fetch *fetch, uint64_t bytes);

void fetch_status(struct fetch *fetch, struct status *out);

#endif
