/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Passes the access trace to readahead, and readahead's decisions to the scheduler.
 */
#ifndef FARROOT_READAHEAD_FEED_H
#define FARROOT_READAHEAD_FEED_H

struct fetch;

/* Returns 0 or -ENOMEM; free with readahead_feed_free. */
int readahead_feed_init(struct fetch *f);
void readahead_feed_free(struct fetch *f);

/* Schedules blocks that may be read next, from the blocks read since the last call. */
void readahead_feed_step(struct fetch *f);

#endif
