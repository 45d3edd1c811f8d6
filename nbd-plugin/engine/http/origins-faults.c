/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What follows from a fault of an origin: its backoff, and what the log says.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "common/clock.h"
#include "engine/http/transfer.h"

#define CORRUPT_BLOCK_BYTES 4096
/* While another origin serves, the longest backoff of one that fails is multiplied
 * by this.
 */
#define OTHER_SERVES_FACTOR 6
/* After an answer of another size, which a cache may have kept. */
#define PAST_CACHES_MS 600000

static unsigned random_number(void)
{
	unsigned random = 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
		random = (unsigned)clock_ms();
	return random;
}

bool origin_log(struct origins *os, int origin, unsigned topic, const char *message)
{
	struct fault_topic *t = &os->origin[origin].topics[topic];
	const char *shown = os->origin[origin].shown;
	uint64_t now = clock_ms();
	enum log_level level = fault_topic_is_due(t, now) ? LOG_FAULT : LOG_DETAIL;
	bool is_logged;

	if (level == LOG_FAULT && t->unlogged)
		is_logged = log_say(os->log, level, "%s: %s (and %u times in the %" PRIu64 " s before)", shown, message,
				    t->unlogged, (now - t->since_ms) / 1000);
	else
		is_logged = log_say(os->log, level, "%s: %s", shown, message) && level == LOG_FAULT;
	if (is_logged)
		fault_topic_logged(t, now);
	else
		fault_topic_unlogged(t, now);
	return is_logged;
}

static void set_last_error(struct origins *os, int origin, const char *why)
{
	snprintf(os->last_error, sizeof os->last_error, "%.250s: %.250s", os->origin[origin].shown, why);
	os->last_error_ms = clock_ms();
}

/* Logs what is wrong and what happens next.  Returns whether the log took it.  pause_ms: no origin is
 * asked before that.
 */
static bool log_failure(struct origins *os, int origin, enum fault fault, const char *why, uint64_t pause_ms)
{
	uint64_t now = clock_ms(), next = os->health[origin].next_try_ms;
	uint64_t rest_ms = next > now ? next - now : 0;
	int other = origins_pick(os, origin);
	char message[768];

	set_last_error(os, origin, why);
	if (rest_ms < pause_ms)
		rest_ms = pause_ms;
	if (!pause_ms && other >= 0 && other != origin)
		snprintf(message, sizeof message, "%s; asking %s instead", why, os->origin[other].shown);
	else
		snprintf(message, sizeof message, "%s; retrying in %.1f s", why, (double)rest_ms / 1000);
	return origin_log(os, origin, fault, message);
}

static bool is_transport_fault(enum fault fault)
{
	return fault == FAULT_RESOLVE || fault == FAULT_CONNECT || fault == FAULT_STALL ||
	       fault == FAULT_BROKEN;
}

/* None serves any more: those that have failed before this one have a long backoff. */
static void hurry_all(struct origins *os)
{
	size_t i;

	for (i = 0; i < os->count; i++)
		origin_health_hurry(&os->health[i], clock_ms() + os->options->http.retry_max_ms);
}

static void back_off(struct origins *os, int origin, enum fault fault, bool timed_out, unsigned wish_s)
{
	const struct http_options *http = &os->options->http;
	uint64_t rest_max = http->retry_max_ms;
	struct origin *o = &os->origin[origin];

	if (origin_health_any_but(os->health, os->count, origin))
		rest_max *= OTHER_SERVES_FACTOR;
	origin_health_failure(&os->health[origin], fault, clock_ms(), rest_max,
			      wish_s * 1000ULL, random_number());
	if (!origin_health_any_but(os->health, os->count, -1))
		hurry_all(os);
	/* Opening has its own way past caches. */
	if (fault == FAULT_TOTAL && os->total_bytes && os->claimed_by < 0)
		o->past_caches_until_ms = clock_ms() + PAST_CACHES_MS;
	o->link_failed = is_transport_fault(fault);
	/* After silence, the connections that remain may be dead, too.  After a reset they are not
	 * suspicious, and a new one may be one more than the server takes.
	 */
	if (fault == FAULT_STALL || timed_out)
		o->fresh_connections = http->connections;
	if (o->link_failed)
		request_limit_fail(&o->limit, clock_ms());
	/* An origin that answers with an error needs no connections opened ahead. */
	if (fault == FAULT_RESOLVE || fault == FAULT_CONNECT || fault == FAULT_STALL)
		origin_forget_connections(o);
}

void origin_note_failure(const struct transfer *t, enum fault fault)
{
	struct origins *os = t->origins;

	back_off(os, t->origin, fault, t->timed_out, transfer_retry_after_s(t));
	os->origin[t->origin].is_failure_logged |= log_failure(os, t->origin, fault, t->why, 0);
}

static void note_corrupt(struct origins *os, int origin, const char *why)
{
	struct origin_health *h = &os->health[origin];
	uint64_t now = clock_ms();
	char message[512];

	os->corrupt = origin;
	origin_health_failure(h, FAULT_CORRUPT, now, os->options->http.retry_max_ms, 0, random_number());
	origin_health_corrupt(h, now, CORRUPT_BLOCK_BYTES);
	if (now < h->corrupt_until_ms)
		snprintf(message, sizeof message, "%s; too much is corrupt: asking this origin again in %.1f s",
			 why, (double)(h->corrupt_until_ms - now) / 1000);
	else
		snprintf(message, sizeof message, "%s; requesting it again", why);
	set_last_error(os, origin, why);
	origin_log(os, origin, FAULT_CORRUPT, message);
}

/* Only the first URL can lead to another target: forgets it.  Returns why, with the target's name. */
static const char *blame_target(struct origins *os, int origin, const char *why, char *named, size_t size)
{
	struct origin *o = &os->origin[origin];

	if (o->target) {
		snprintf(named, size, "redirected to %s: %s", o->shown_target, why);
		why = named;
	}
	origin_forget_target(o);
	return why;
}

void origins_blame(struct origins *os, int origin, const char *why)
{
	char named[384];

	os->origin[origin].blamed_ms = clock_ms();
	note_corrupt(os, origin, blame_target(os, origin, why, named, sizeof named));
}

void origins_refute(struct origins *os, int origin)
{
	os->origin[origin].blamed_ms = clock_ms();
	back_off(os, origin, FAULT_TOTAL, false, 0);
}

/* It "answers again" at once, with the same. */
void origins_log_refuted(struct origins *os, int origin, const char *why, uint64_t pause_ms)
{
	char named[384];

	log_failure(os, origin, FAULT_TOTAL, blame_target(os, origin, why, named, sizeof named), pause_ms);
}
