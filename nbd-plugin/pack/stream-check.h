/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * pack_check_input for an input that can be read only once, such as a pipe.
 */
#ifndef FARROOT_STREAM_CHECK_H
#define FARROOT_STREAM_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "pack/pack.h"

struct stream_check {
	uint64_t size;		/* bytes that have passed */
	uint64_t squashfs_end;	/* 0: no squashfs */
	uint64_t tree_at;	/* the block of the last superblock of a hash tree, 0: none */
};

/* From all zero: the next bytes of the input, a multiple of 4096 except at its end.  NULL:
 * zeroes.
 */
void stream_check_add(struct stream_check *check, const uint8_t *bytes, size_t size);

/* At the end of the input; returns as pack_check_input. */
int stream_check_end(const struct stream_check *check, const struct pack *pack);

#endif
