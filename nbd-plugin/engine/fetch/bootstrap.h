/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Bootstrap: opens the image.  Finds out its size, and verifies the top of its hash tree
 * against the root hash.
 *
 *            size=                        verify=none
 *   SIZE ───────────────► TOP             ─────────────────────┐
 *    │  any range: the     │   superblock and top of the tree: │
 *    │  total size         │   salt and layout, the root hash  ▼
 *    ├────────────────────►├──────────────────────────────► open
 *    ▲                     │
 *    └──── a set-back ─────┘  the answers do not fit together
 *
 * A store on a disk that holds the superblock and the top opens the image at once, without an
 * origin (with size=, or if the salt pins the size).
 *
 * The size alone says where the superblock is: data + 1 + tree = total.  The requests are
 * as any other: an origin that fails is in backoff, another one is asked, and this is
 * repeated without a limit.  After a set-back, requests have Cache-Control: no-cache.
 * After one set-back for each origin there is also a pause, 0.5 s doubling to retry-max= and
 * growing on to 30 s within 16 minutes, which a good answer for the size does not shorten.
 *
 * An origin may be several servers that take turns, some of them with another image.  The
 * number of requests between two set-backs therefore varies.
 *
 * All functions belong to the fetch thread, and none blocks.
 */
#ifndef FARROOT_BOOTSTRAP_H
#define FARROOT_BOOTSTRAP_H

#include <stdint.h>

struct fetch;

/* Returns 0 or -ENOMEM; free with bootstrap_free. */
int bootstrap_init(struct fetch *f);
void bootstrap_free(struct fetch *f);

/* Checks the answer that has come, and sends the next request.  When all is known, sets up
 * the image and f->is_open.  Returns 0; or -errno for an image that this machine cannot
 * open, such as -EFBIG or -ENOMEM.
 */
int bootstrap_step(struct fetch *f);

/* Milliseconds until bootstrap_step is due if no answer comes; never UINT64_MAX. */
uint64_t bootstrap_in_ms(const struct fetch *f);

#endif
