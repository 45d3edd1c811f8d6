/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What follows for an origin from the end of a transfer, and from its silence.
 */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "engine/http/transfer.h"
#include "engine/http/url.h"

/* An origin that has sent no byte for this many milliseconds, and for four round
 * trips, gets a probe.
 */
#define SILENCE_LIMIT_MS 2000
/* An origin that has answered within this time works. */
#define WORKS_MS 10000

static void note_success(struct origins *os, struct transfer *t)
{
	struct origin *o = &os->origin[t->origin];
	unsigned rtt_ms;
	long version = 0;

	if (os->health[t->origin].failures && o->is_failure_logged) {
		o->is_failure_logged = false;
		log_say(os->log, LOG_NOTE, "%s: answers again", o->shown);
	}
	transfer_remember_target(t);
	o->answer_ms = clock_ms();
	request_limit_answer(&o->limit);
	origin_health_success(&os->health[t->origin]);
	if (clock_ms() - t->sent_ms < SILENCE_LIMIT_MS)
		os->origin[t->origin].silence_limit_ms = 0;
	os->used = t->origin;
	curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
	o->multiplexes = version >= CURL_HTTP_VERSION_2_0;
	if (o->multiplexes)
		preconnect_close_all(&o->preconnect);
	rtt_ms = transfer_answer_ms(t);
	os->delay_ms = os->delay_ms ? (3 * os->delay_ms + rtt_ms) / 4 : rtt_ms;
	/* The round trip falls at once and rises slowly. The queue of our own requests on
	 * the link must not count, so only a transfer that was alone makes it rise.
	 */
	if (!os->rtt_ms || os->rtt_is_provisional || rtt_ms < os->rtt_ms)
		os->rtt_ms = rtt_ms;
	else if (t->was_alone)
		os->rtt_ms += (rtt_ms - os->rtt_ms) / 8;
	os->rtt_is_provisional = false;
}

/* An image need not have a profile. */
static void end_profile(struct origins *os, struct transfer *t, enum fault fault)
{
	if (fault)
		log_say(os->log, LOG_DETAIL, "%s: no profile: %s", os->origin[t->origin].shown, t->why);
}

/* Ends the transfers that have received nothing since their origin got a probe, which
 * it has answered: an outage has interrupted their connections, and TCP would wait up
 * to as long as the outage has lasted before it sends again.  The origin is not at
 * fault.
 */
static void end_silent(struct origins *os, int origin, uint64_t since_ms)
{
	struct transfer *t = os->active, *next;
	struct origin *o = &os->origin[origin];
	struct origin_request *request;

	for (; t; t = next) {
		next = t->next;
		request = t->request;
		if (t->origin != origin || !request || t->last_byte_ms >= since_ms)
			continue;
		transfer_retire(t);
		os->sink.end(os->sink.ctx, request, FAULT_STALL);
		o->fresh_connections = os->options->http.connections;
	}
	/* If the next transfers are silent, too, the origin is slow: wait longer then. */
	o->silence_limit_ms = o->silence_limit_ms ? 2 * o->silence_limit_ms : 2 * SILENCE_LIMIT_MS;
}

void transfer_probe_silent(struct origins *os)
{
	uint64_t now = clock_ms();
	unsigned patience;
	struct transfer *t;
	struct origin *o;
	size_t i;

	for (i = 0; i < os->count; i++) {
		o = &os->origin[i];
		patience = o->silence_limit_ms ? o->silence_limit_ms : SILENCE_LIMIT_MS;
		if (patience < 4 * os->rtt_ms)
			patience = 4 * os->rtt_ms;
		if (now - o->last_byte_ms < patience || os->health[i].failures ||
		    !origin_request_count(os, (int)i))
			continue;
		for (t = os->active; t && !(t->is_silence_probe && t->origin == (int)i); t = t->next)
			;
		if (t)
			continue;
		o->fresh_connections++;
		origin_forget_connections(o);
		if (!transfer_start(os, (int)i, 0, 0, NULL))
			os->active->is_silence_probe = true;
	}
}

/* Whether an origin that works has refused or reset one of several connections. */
static bool is_reset_beside_others(const struct transfer *t, enum fault fault)
{
	const struct origin *o = &t->origins->origin[t->origin];

	/* Silence may be an outage; t->fault was found in the answer. */
	return (fault == FAULT_BROKEN || fault == FAULT_CONNECT) && !t->timed_out && !t->checked && !t->fault &&
	       t->connection != CONNECTION_REUSED && o->answer_ms &&
	       clock_ms() - o->answer_ms < WORKS_MS;
}

/* Whether a fault means that the origin takes fewer requests at once: 503 or 429 to one of
 * several, or a reset of one of several connections.  Then no backoff begins.  The same fault of
 * a single request counts as any other.
 */
static bool is_request_limit(struct transfer *t, enum fault fault)
{
	struct origins *os = t->origins;
	struct request_limit *limit = &os->origin[t->origin].limit;
	unsigned others = origin_request_count(os, t->origin) - 1;
	bool asked = t->response.status == 503 || t->response.status == 429;
	char message[160];

	if (!asked && !is_reset_beside_others(t, fault))
		return false;
	if (!others)
		return request_limit_explains(limit, t->sent_ms) && !transfer_retry_after_s(t);
	if (asked)
		snprintf(message, sizeof message, "server answered %u to one of %u requests at once; asking for fewer",
			 t->response.status, others + 1);
	else
		snprintf(message, sizeof message, "one of %u connections at once was reset or refused; using fewer",
			 others + 1);
	origin_log(os, t->origin, TOPIC_LIMIT, message);
	request_limit_lower(limit, others, clock_ms());
	/* Its wish is kept, too. */
	return !transfer_retry_after_s(t);
}

/* Says which server answered, if it is not the one of url=. */
static void name_target(struct transfer *t)
{
	char shown[128], why[512];

	if (!t->hops && !t->is_at_target)
		return;
	url_without_secrets(t->url, shown, sizeof shown);
	snprintf(why, sizeof why, "redirected to %s: %s", shown, t->why);
	snprintf(t->why, sizeof t->why, "%.255s", why);
}

/* A refusal may mean that what was sent is no longer valid. */
static void renew_credentials(struct transfer *t)
{
	struct origins *os = t->origins;
	unsigned status = t->response.status;

	if (!t->credentials || (status != 401 && status != 403))
		return;
	/* Another transfer may have found it out before. */
	if (credentials_renew(&os->setup.credentials) || t->credentials != os->setup.credentials.current)
		origin_health_reset(&os->health[t->origin], 1);
}

/* See server-clock.h. */
static void ask_for_date(struct origins *os, int origin, const char *url)
{
	struct transfer *t = os->active;

	while (t && !(t->is_date_probe && t->origin == origin))
		t = t->next;
	if (!t && os->options->have_roothash && server_clock_may_ask(&os->origin[origin].clock, clock_ms()))
		transfer_start_date_probe(os, origin, url);
}

static void end_date_probe(struct transfer *t)
{
	struct origins *os = t->origins;
	int origin = t->origin;
	/* Not the Date of a proxy. */
	bool has_answered = t->phase == PHASE_ANSWER && t->response.status;
	int64_t date = t->response.date, system = (int64_t)time(NULL);
	char here[32], there[32], message[192];

	transfer_retire(t);
	if (!has_answered || !server_clock_answer(&os->origin[origin].clock, date, system, clock_ms()))
		return;
	snprintf(message, sizeof message,
		 "its certificate is not yet valid by the clock of this machine (%s); judging it by the server's (%s)",
		 server_clock_text(system, here, sizeof here), server_clock_text(date, there, sizeof there));
	origin_log(os, origin, TOPIC_CLOCK, message);
	origin_health_reset(&os->health[origin], 1);
}

static void count_answer(struct origins *os, unsigned status)
{
	if (status / 100 >= 2 && status / 100 < 2 + STATUS_ANSWERS)
		os->answers[status / 100 - 2]++;
}

void transfer_end(struct transfer *t, enum fault fault)
{
	struct origins *os = t->origins;
	struct origin_request *request = t->request;

	count_answer(os, t->response.status);
	if (t->is_date_probe) {
		end_date_probe(t);
		return;
	}
	if (fault && transfer_redirect(t))
		return;
	if (t->fault)
		fault = t->fault;
	if (fault)
		name_target(t);
	if (t->is_silence_probe) {
		transfer_retire(t);
		if (!fault)
			end_silent(os, t->origin, t->sent_ms);
		return;
	}
	if (request)
		request->retry_after_s = fault ? transfer_retry_after_s(t) : 0;
	if (request && request->is_profile)
		end_profile(os, t, fault);
	else if (!fault)
		note_success(os, t);
	else if (!request || !is_request_limit(t, fault)) {
		if (t->is_at_target)
			origin_forget_target(&os->origin[t->origin]);
		origin_note_failure(t, fault);
	}
	renew_credentials(t);
	credentials_limit_cookies(&os->setup.credentials);
	if (t->clock_is_behind && request && !request->is_profile)
		ask_for_date(os, t->origin, t->url);
	transfer_retire(t);
	if (request)
		os->sink.end(os->sink.ctx, request, fault);
}

bool transfer_end_late(struct origins *os)
{
	struct transfer *t = os->active, *next;
	uint64_t now = clock_ms();
	bool ended = false;
	enum fault fault;

	for (; t; t = next) {
		next = t->next;
		fault = transfer_find_late(t, now);
		if (!fault)
			continue;
		transfer_end(t, fault);
		ended = true;
	}
	return ended;
}
