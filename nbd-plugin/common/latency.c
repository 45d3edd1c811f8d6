/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "common/latency.h"

#define MS_US 1000ULL
#define S_US 1000000ULL

static const uint64_t bounds_us[LATENCY_BUCKETS - 1] = {
	25, 100, 1 * MS_US, 10 * MS_US, 100 * MS_US, 1 * S_US, 10 * S_US, 60 * S_US, 600 * S_US,
	3600 * S_US,
};

uint64_t latency_bound_us(unsigned bucket)
{
	return bounds_us[bucket];
}

void latency_add(struct latency_counter *counter, uint64_t ns)
{
	unsigned i = 0;

	while (i < LATENCY_BUCKETS - 1 && ns > bounds_us[i] * 1000)
		i++;
	atomic_fetch_add_explicit(&counter->buckets[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&counter->sum_ns, ns, memory_order_relaxed);
}

void latency_copy(struct latency_counter *counter, struct latency *out)
{
	unsigned i;

	for (i = 0; i < LATENCY_BUCKETS; i++)
		out->buckets[i] = atomic_load_explicit(&counter->buckets[i], memory_order_relaxed);
	out->sum_us = atomic_load_explicit(&counter->sum_ns, memory_order_relaxed) / 1000;
}
