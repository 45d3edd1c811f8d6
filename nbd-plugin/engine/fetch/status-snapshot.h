/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The status snapshot: the status of the image, collected for the inbox, from which other
 * threads copy it.
 */
#ifndef FARROOT_STATUS_SNAPSHOT_H
#define FARROOT_STATUS_SNAPSHOT_H

struct fetch;
struct origins_state;

/* Returns 0 or -ENOMEM; free with status_snapshot_free. */
int status_snapshot_init(struct fetch *f);
void status_snapshot_free(struct fetch *f);

/* Collects the status; origins is the present state. */
void status_snapshot_update(struct fetch *f, const struct origins_state *origins);

#endif
