/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Feeds the access trace to readahead, and what that decides to the scheduler.
 */
#ifndef FARROOT_READAHEAD_FEED_H
#define FARROOT_READAHEAD_FEED_H

struct fetch;

/* Returns 0 or -ENOMEM; free with readahead_feed_free. */
int readahead_feed_init(struct fetch *f);
void readahead_feed_free(struct fetch *f);

/* Looks at what was read since the last time, and schedules what may be read next. */
void readahead_feed_step(struct fetch *f);

#endif
