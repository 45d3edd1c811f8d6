/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The data quota (budget=, budget-stops=): how many bytes may be fetched in total on a
 * metered link.  Client reads are never blocked by it.  No I/O and no locks; nothing
 * blocks.  Any thread, if the quota does not change.
 */
#ifndef FARROOT_DATA_QUOTA_H
#define FARROOT_DATA_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "common/options.h"

struct data_quota {
	uint64_t bytes;		/* 0: no limit */
	bool stops_all;		/* it also stops the profile and readahead */
};

/* Takes budget= and budget-stops= from options, which need not outlive the quota. */
void data_quota_init(struct data_quota *quota, const struct options *options);

/* Returns the bytes that background requests may still use, in whole blocks, when spent_bytes
 * have arrived or are in flight; UINT64_MAX: no limit.  is_fill: for the fill, not for the profile or
 * readahead.
 */
uint64_t data_quota_left_bytes(const struct data_quota *quota, uint64_t spent_bytes, bool is_fill);

#endif
