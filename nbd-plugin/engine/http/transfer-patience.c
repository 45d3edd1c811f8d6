/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * How long each phase of a transfer may last.  origins.c ends those that last longer.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/http/transfer.h"

/* Milliseconds for two SYNs: the kernel sends one at once, one after 1 s, and the next
 * after 3 s.
 */
#define SHORT_CONNECT_MS 2000
/* One attempt in this number has the whole connect-timeout=, in case the link has become
 * slow, or the host has several addresses.
 */
#define LONG_ATTEMPT_EVERY 4
/* Slower than this for stall= seconds is dead, not slow. */
#define STALL_BYTES_PER_S 100

uint64_t transfer_tcp_limit_ms(const struct origins *os, int origin, bool is_probe)
{
	uint64_t most = os->options->http.connect_timeout_ms;
	uint64_t enough = 8ULL * os->rtt_ms;

	if (enough < SHORT_CONNECT_MS)
		enough = SHORT_CONNECT_MS;
	if (!os->rtt_ms || (!is_probe && os->origin[origin].attempts % LONG_ATTEMPT_EVERY == LONG_ATTEMPT_EVERY - 1))
		return most;
	return enough < most ? enough : most;
}

/* Whether one of the sockets has connected.  curl may have closed one, and another transfer
 * may have its number now: then this transfer is only given the time of the next phase.
 */
static bool is_tcp_connected(const struct transfer *t)
{
	unsigned i;

	for (i = 0; i < t->socket_count; i++)
		if (preconnect_is_connected(t->sockets[i]))
			return true;
	return false;
}

/* FAULT_STALL: the answer is too slow, or silent. */
static enum fault find_stalled(struct transfer *t, uint64_t now)
{
	uint64_t stall_ms = t->origins->options->http.stall_ms;
	uint64_t heard_ms = t->last_byte_ms > t->phase_ms ? t->last_byte_ms : t->phase_ms;

	if (now - heard_ms >= stall_ms) {
		snprintf(t->why, sizeof t->why, "no byte in %.1f s: stalled", (double)stall_ms / 1000);
		return FAULT_STALL;
	}
	if (now - t->window_start_ms < stall_ms)
		return FAULT_NONE;
	if (t->window_bytes >= STALL_BYTES_PER_S * stall_ms / 1000) {
		t->window_start_ms = now;
		t->window_bytes = 0;
		return FAULT_NONE;
	}
	snprintf(t->why, sizeof t->why, "%" PRIu64 " bytes in %.1f s: stalled",
		 t->window_bytes, (double)stall_ms / 1000);
	return FAULT_STALL;
}

enum fault transfer_find_late(struct transfer *t, uint64_t now_ms)
{
	uint64_t limit_ms = t->origins->options->http.connect_timeout_ms;
	const char *what = "no name server answered";
	enum fault fault = FAULT_CONNECT;

	if (t->phase == PHASE_ANSWER)
		return find_stalled(t, now_ms);
	if (t->phase == PHASE_TCP && is_tcp_connected(t)) {
		t->phase = PHASE_SETUP;
		t->phase_ms = now_ms;
	}
	if (t->phase == PHASE_RESOLVE)
		fault = FAULT_RESOLVE;
	else if (t->phase == PHASE_TCP) {
		limit_ms = t->tcp_limit_ms;
		what = "no answer to the connection request";
	} else
		what = "no answer of TLS or the proxy";
	if (now_ms - t->phase_ms < limit_ms)
		return FAULT_NONE;
	t->timed_out = true;
	snprintf(t->why, sizeof t->why, "%s after %.1f s: timed out", what, (double)limit_ms / 1000);
	return fault;
}
