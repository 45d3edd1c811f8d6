/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The memory watch: looks at the machine's memory while the store is in memory, and does what
 * memory-pressure.h decides: holds the fill, and lets the store give blocks back.  A store on a
 * disk and a machine without /proc are not watched.  After the first step, stalls wake the loop if
 * the kernel can do that.  The fetch thread only; nothing blocks.
 */
#ifndef FARROOT_MEMORY_WATCH_H
#define FARROOT_MEMORY_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fetch;

/* Returns 0 or -ENOMEM; free with memory_watch_free. */
int memory_watch_init(struct fetch *f);
void memory_watch_free(struct fetch *f);

/* Looks once per second at most, and acts.  Call it in each turn of the loop, with an open
 * image.
 */
void memory_watch_step(struct fetch *f);

/* Whether the fill must wait. */
bool memory_watch_holds(const struct fetch *f);

/* Why it must, such as "memory: 310 MiB to come, 120 MiB available, 64 MiB are kept free"; "" if
 * it need not.
 */
void memory_watch_reason(const struct fetch *f, char *text, size_t size);

/* Milliseconds until memory_watch_step should be called although nothing else happens; UINT64_MAX:
 * it need not.  While the fill fetches, the loop runs anyway.
 */
uint64_t memory_watch_in_ms(const struct fetch *f);

#endif
