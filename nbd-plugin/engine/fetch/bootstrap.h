/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Bootstrap: the first conversation with an origin.  How large is the image, and does
 * its hash tree hang on the root hash?
 *
 *            size=                        verify=none
 *   SIZE ───────────────► TOP             ─────────────────────┐
 *    │  any range: the     │   superblock and top of the tree: │
 *    │  total size         │   salt and layout, the root hash  ▼
 *    ├────────────────────►├──────────────────────────────► open
 *    ▲                     │
 *    └──── a set-back ─────┘  the answers do not fit together
 *
 * The size alone says where the superblock is: data + 1 + tree = total.  Requests are
 * sent as any other: origins that fail rest, another is asked, and there is no end to
 * it.  After a set-back, caches on the way are asked to revalidate, and once all origins
 * have had their turn there is a pause, 0.5 s doubling to retry-max=; a good answer
 * for the size does not shorten it.
 *
 * An origin may be several servers that take turns, some of them with another image.  The
 * number of requests between two set-backs therefore varies.
 */
#ifndef FARROOT_BOOTSTRAP_H
#define FARROOT_BOOTSTRAP_H

#include <stdint.h>

struct fetch;

/* Returns 0 or -ENOMEM; free with bootstrap_free. */
int bootstrap_init(struct fetch *f);
void bootstrap_free(struct fetch *f);

/* Looks at the answer that has come, and sends the next request; opens the image when
 * all is known, and sets is_open.  Does not block.  Returns 0, or -errno for an image
 * that can't be opened here, such as -EFBIG.
 */
int bootstrap_step(struct fetch *f);

/* Milliseconds until bootstrap_step is due if no answer comes; never UINT64_MAX. */
uint64_t bootstrap_in_ms(const struct fetch *f);

#endif
