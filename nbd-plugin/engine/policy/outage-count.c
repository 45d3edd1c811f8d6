/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "engine/policy/outage-count.h"

void outage_count_update(struct outage_count *count, bool no_origin, bool is_needed, uint64_t now_ms)
{
	bool is_outage = no_origin && is_needed;

	if (count->last_ms)
		count->total_ms += now_ms - count->last_ms;
	count->last_ms = is_outage ? now_ms : 0;
	if (is_outage && !count->is_counted)
		count->outages++;
	count->is_counted = no_origin && (count->is_counted || is_outage);
}
