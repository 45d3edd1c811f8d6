/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "engine/fetch/dispatch.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/prefetch-hints.h"
#include "engine/fetch/size-setup.h"
#include "engine/fetch/speculative-open.h"

bool speculative_open_may_begin(const struct fetch *f)
{
	const char *profile = f->options->profile;

	if (profile && !parse_is_url(profile))
		return false;
	return !f->size_bytes && prefetch_hints_are_here(f) && !f->options->verify_none &&
	       !f->options->store_path;
}

int speculative_open_begin(struct fetch *f, const struct size_claim *claim)
{
	static const uint8_t no_salt_yet[1];
	uint64_t data_blocks = verity_data_blocks(claim->size_bytes / VERITY_BLOCK_SIZE);
	int err = verity_init(&f->verity, data_blocks, no_salt_yet, 0, f->options->roothash);

	if (!err)
		err = size_setup(f, claim->size_bytes);
	if (err) {
		/* The size may be absurd. */
		size_forget(f);
		return err;
	}
	scheduler_mark_busy(&f->scheduler, claim->top_start, claim->top_count);
	scheduler_mark_busy(&f->scheduler, 0, claim->first_count);
	prefetch_hints_step(f);
	return 0;
}

void speculative_open_step(struct fetch *f)
{
	inflight_set_reap(&f->inflight);
	dispatch_requests(f);
}
