/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <string.h>

#include "engine/verity/zero-subtrees.h"

int zero_subtrees_init(const struct verity *v, struct zero_subtrees *z)
{
	unsigned height, child;
	int err;

	memset(z->block[0], 0, VERITY_BLOCK_SIZE);
	err = verity_digest(v, z->block[0], z->digest[0]);
	for (height = 1; height <= v->levels && !err; height++) {
		for (child = 0; child < VERITY_FANOUT; child++)
			memcpy(z->block[height] + child * VERITY_DIGEST_SIZE, z->digest[height - 1],
			       VERITY_DIGEST_SIZE);
		err = verity_digest(v, z->block[height], z->digest[height]);
	}
	return err;
}

int zero_subtrees_digest(const struct verity *v, const struct zero_subtrees *z, unsigned height,
			 const uint8_t *bytes, uint8_t out[VERITY_DIGEST_SIZE])
{
	if (bytes && memcmp(bytes, z->block[height], VERITY_BLOCK_SIZE))
		return verity_digest(v, bytes, out);
	memcpy(out, z->digest[height], VERITY_DIGEST_SIZE);
	return 0;
}
