/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <string.h>

#include "engine/fetch/completion.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/prefetch-hints.h"
#include "engine/fetch/size-setup.h"
#include "engine/store/capacity.h"

static uint64_t parent_of(const void *ctx, uint64_t block)
{
	uint64_t parent = hash_cache_parent(ctx, block);

	return parent == VERITY_ROOT ? SCHEDULER_NO_PARENT : parent;
}

int size_setup(struct fetch *f, uint64_t size_bytes)
{
	const struct options *options = f->options;
	uint64_t capacity = capacity_bytes(options, size_bytes, store_disk_fd(f->store));
	int err;

	f->size_bytes = size_bytes;
	err = store_set_size(f->store, size_bytes, capacity);
	if (!err)
		err = scheduler_init(&f->scheduler, f->store, (size_bytes + STORE_BLOCK - 1) / STORE_BLOCK);
	if (!err)
		err = trace_new(size_bytes, f->log, &f->trace);
	if (!err)
		err = hash_cache_new(options->verify_none ? NULL : &f->verity, f->store, &f->hash_cache);
	if (!err)
		scheduler_set_parent(&f->scheduler, parent_of, f->hash_cache);
	return err;
}

void size_forget(struct fetch *f)
{
	struct inflight *inflight;

	while ((inflight = inflight_set_pop(&f->inflight))) {
		if (!inflight->ended)
			origins_cancel(f->origins, &inflight->request);
		completion_add_wasted(f, inflight->received);
		inflight_free(inflight);
	}
	scheduler_free(&f->scheduler);
	memset(&f->scheduler, 0, sizeof f->scheduler);
	f->scheduler.last = &f->scheduler.first;
	trace_free(f->trace);
	f->trace = NULL;
	hash_cache_free(f->hash_cache);
	f->hash_cache = NULL;
	verity_free(&f->verity);
	store_forget_size(f->store);
	prefetch_hints_renew(f);
	f->size_bytes = 0;
}
