/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "engine/policy/data-quota.h"

/* What a purse holds at most, and what one request is worth. */
#define PURSE_MS 250
#define REQUEST_MIN (16U << 10)

static uint64_t purse_size(const struct meter *m)
{
	uint64_t bytes = m->bytes_per_s * PURSE_MS / 1000;

	return bytes > REQUEST_MIN ? bytes : REQUEST_MIN;
}

void meter_init(struct meter *m, const struct options *options, uint64_t now_ms)
{
	m->bytes_per_s = options->rate_bytes_per_s;
	m->budget_bytes = options->budget_bytes;
	m->stops_all = options->budget_stops_all;
	m->purse_bytes = (int64_t)purse_size(m);
	m->since_ms = now_ms;
}

static void refill(struct meter *m, uint64_t now_ms)
{
	uint64_t earned = (now_ms - m->since_ms) * m->bytes_per_s / 1000;

	/* What is less than a byte has to wait for the next time. */
	if (!earned)
		return;
	m->since_ms = now_ms;
	m->purse_bytes += (int64_t)earned;
	if (m->purse_bytes > (int64_t)purse_size(m))
		m->purse_bytes = (int64_t)purse_size(m);
}

uint64_t meter_wait_ms(struct meter *m, uint64_t now_ms)
{
	if (!m->bytes_per_s)
		return 0;
	refill(m, now_ms);
	if (m->purse_bytes > 0)
		return 0;
	return (uint64_t)(-m->purse_bytes) * 1000 / m->bytes_per_s + 1;
}

void meter_spend(struct meter *m, uint32_t bytes)
{
	if (m->bytes_per_s)
		m->purse_bytes -= bytes;
}

uint32_t meter_request_bytes(const struct meter *m, uint32_t bytes)
{
	uint64_t most = purse_size(m);

	return m->bytes_per_s && most < bytes ? (uint32_t)most : bytes;
}

uint64_t meter_left_bytes(const struct meter *m, uint64_t spent_bytes, bool is_fill)
{
	if (!m->budget_bytes || !(is_fill || m->stops_all))
		return UINT64_MAX;
	return m->budget_bytes > spent_bytes ? m->budget_bytes - spent_bytes : 0;
}
