/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Dispatch: sends requests for the scheduler's next extents, as many as connections= allows.
 * Requests of the background are also limited by the congestion window, the token bucket
 * (rate=) and the data quota (budget=).  The fetch thread only; nothing blocks.
 */
#ifndef FARROOT_DISPATCH_H
#define FARROOT_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

struct fetch;
struct origins_state;

/* Returns 0 or -ENOMEM; free with dispatch_free. */
int dispatch_init(struct fetch *f);
void dispatch_free(struct fetch *f);

/* Measures the link.  Call once in each turn of the loop. */
void dispatch_observe(struct fetch *f, const struct origins_state *origins);

/* Sends the next requests.  Needs a size.  Returns whether there is more to look at now: the search
 * for the next extent has ended early, so that reads are served.
 */
bool dispatch_requests(struct fetch *f);

/* Opens the connections that the next background requests will need. */
void dispatch_connect_ahead(struct fetch *f);

/* Whether a read or the background needs a block that is not present. */
bool dispatch_has_work(const struct fetch *f);

/* The whole image is asked for: the fill is on from now on, and does not wait for a calm time; unless
 * the store cannot hold all.
 */
void dispatch_fill_now(struct fetch *f);

/* Whether the fill may continue: it is on, the store and the quota have room, and memory does not
 * hold it.
 */
bool dispatch_may_fill_on(const struct fetch *f);

/* Bytes that the fill may still fetch; UINT64_MAX without budget=. */
uint64_t dispatch_quota_left_bytes(const struct fetch *f);

/* Milliseconds until dispatch_requests may send a request, if nothing arrives before;
 * UINT64_MAX: never.
 */
uint64_t dispatch_in_ms(struct fetch *f);

#endif
