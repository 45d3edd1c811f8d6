/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Digests of zeroes and of the hash blocks above zeroes, each computed once.  A sparse file
 * has millions of them, and all of one height are the same.
 *
 * The height of a data block is 0; the height of a hash block is that of its children plus 1.
 * Any thread may read an initialized struct.
 */
#ifndef FARROOT_ZERO_SUBTREES_H
#define FARROOT_ZERO_SUBTREES_H

#include "engine/verity/verity.h"

#define ZERO_SUBTREES_HEIGHTS (VERITY_MAX_LEVELS + 1)

struct zero_subtrees {
	uint8_t block[ZERO_SUBTREES_HEIGHTS][VERITY_BLOCK_SIZE];
	uint8_t digest[ZERO_SUBTREES_HEIGHTS][VERITY_DIGEST_SIZE];
};

/* Computes the blocks and digests of a whole subtree of zeroes, for the heights 0 to
 * v->levels.  Returns 0 or -ENOMEM.
 */
int zero_subtrees_init(const struct verity *v, struct zero_subtrees *z);

/* verity_digest, without hashing a block that zero_subtrees_init has hashed.  bytes is NULL
 * for a block that is known to be above zeroes.
 */
int zero_subtrees_digest(const struct verity *v, const struct zero_subtrees *z, unsigned height,
			 const uint8_t *bytes, uint8_t out[VERITY_DIGEST_SIZE]);

#endif
