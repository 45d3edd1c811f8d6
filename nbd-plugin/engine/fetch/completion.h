/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Completion: judges the blocks that arrive for a request.  A block whose hash block is not
 * in the cache yet waits.
 */
#ifndef FARROOT_COMPLETION_H
#define FARROOT_COMPLETION_H

#include <stddef.h>
#include <stdint.h>

#include "common/fault.h"

struct fetch;
struct inflight;

/* Returns 0 or -ENOMEM; free with completion_free, which ends the hash thread. */
int completion_init(struct fetch *f);
void completion_free(struct fetch *f);

/* From now on the blocks of fast links are hashed in a thread of their own, if there
 * is a second processor.  Call once, when verity is the image's.
 */
void completion_start_hash_thread(struct fetch *f);

/* Receives the next bytes of a request for blocks, and its end. */
void completion_receive(struct fetch *f, struct inflight *inflight, const uint8_t *bytes, size_t count);
void completion_end(struct fetch *f, struct inflight *inflight, enum fault fault);

/* Judges what has arrived for a request, as far as its hash blocks are in the cache. */
void completion_judge(struct fetch *f, struct inflight *inflight);

/* Judges the blocks that have been hashed, or whose hash block has verified; and requests
 * again the hash blocks whose request failed.  Call once in each turn of the loop, with an
 * open image.
 */
void completion_judge_waiting(struct fetch *f);

/* Bytes that were received and thrown away, because they did not verify, or were part of
 * a block whose request failed.
 */
uint64_t completion_wasted_bytes(const struct fetch *f);
/* Adds bytes that another file has thrown away. */
void completion_add_wasted(struct fetch *f, uint64_t bytes);

#endif
