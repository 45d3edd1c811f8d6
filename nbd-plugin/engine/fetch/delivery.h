/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Delivery: copies verified blocks to the store, and to the buffers of the pending reads
 * that need them.
 */
#ifndef FARROOT_DELIVERY_H
#define FARROOT_DELIVERY_H

#include <stdint.h>

struct fetch;
struct pending_read;

/* Copies verified blocks to the store and to pending reads; bytes begins with block start. */
void delivery_publish(struct fetch *f, uint64_t start, uint32_t count, const uint8_t *bytes);
/* Copies verified blocks that are in the store already to the reads that miss them. */
void delivery_deliver(struct fetch *f, uint64_t start, uint32_t count, const uint8_t *bytes);
/* Takes a read out of the scheduler and ends its wait: it may be gone when this returns. */
void delivery_end(struct fetch *f, struct pending_read *read, int result);

#endif
