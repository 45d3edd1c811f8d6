/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/clock.h"
#include "engine/http/link-monitor.h"
#include "engine/http/transfer.h"

/* Slower than this for stall= seconds is dead, not slow. */
#define STALL_BYTES_PER_S 100
/* An origin that has sent no byte for this many milliseconds, and for four round
 * trips, gets a probe.
 */
#define SILENCE_LIMIT_MS 2000
#define POLL_LIMIT_MS 500
/* A warning with the same text is logged again after this many milliseconds. */
#define LOG_AGAIN_MS 60000
/* After this number of good answers, the limit that a server has set to the requests
 * at once rises by one.
 */
#define MORE_AFTER 64
/* Milliseconds between two looks for connections that were opened ahead and are old. */
#define SPARES_CHECK_MS 5000
/* With a shorter round trip, no connections are opened ahead. */
#define LONG_RTT_MS 50
/* While another origin serves, the longest backoff of one that fails is multiplied
 * by this.
 */
#define OTHER_SERVES_FACTOR 6

/* The URL without its parts that may be secret: user, password, query. */
static void show_url(const char *url, char *out, size_t size)
{
	const char *host = strstr(url, "://") + 3;
	const char *at = memrchr(host, '@', strcspn(host, "/?#"));
	int scheme = (int)(host - url), rest;

	if (at)
		host = at + 1;
	rest = (int)strcspn(host, "?#");
	snprintf(out, size, "%.*s%.*s%s", scheme, url, rest, host, host[rest] ? "?…" : "");
}

/* URL.profile, before a query; or the one that profile= names.  malloc'ed. */
static char *profile_url(const struct options *options, const char *url)
{
	size_t path = strcspn(url, "?#");
	char *out = NULL;

	if (options->profile && parse_is_url(options->profile))
		return strdup(options->profile);
	return asprintf(&out, "%.*s.profile%s", (int)path, url, url + path) < 0 ? NULL : out;
}

static unsigned random_number(void)
{
	unsigned random = 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
		random = (unsigned)clock_ms();
	return random;
}

/* Logs what is wrong and what happens next. */
static void log_failure(struct origins *os, int origin, const char *why, uint64_t rest_ms)
{
	struct origin *o = &os->origin[origin];
	uint64_t now = clock_ms();
	bool again = !strncmp(o->logged, why, sizeof o->logged - 1) &&
		     now - o->logged_ms < LOG_AGAIN_MS;
	int other = origin_health_pick(os->health, os->count, now, origin);

	snprintf(os->last_error, sizeof os->last_error, "%s: %s", o->shown, why);
	if (!again) {
		snprintf(o->logged, sizeof o->logged, "%s", why);
		o->logged_ms = now;
	}
	if (other >= 0 && other != origin)
		log_say(os->log, again ? LOG_DETAIL : LOG_WARN, "%s: %s; asking %s instead",
			o->shown, why, os->origin[other].shown);
	else
		log_say(os->log, again ? LOG_DETAIL : LOG_WARN, "%s: %s; retrying in %.1f s",
			o->shown, why, (double)rest_ms / 1000);
}

static void note_failure(struct origins *os, int origin, enum fault fault,
		   const char *why, unsigned retry_after_s)
{
	const struct http_options *http = &os->options->http;
	uint64_t rest_max = http->retry_max_ms, rest;

	if (origin_health_any_but(os->health, os->count, origin))
		rest_max *= OTHER_SERVES_FACTOR;
	rest = origin_health_failure(&os->health[origin], fault, clock_ms(), rest_max,
			      retry_after_s * 1000ULL, random_number());
	if (fault != FAULT_CORRUPT)
		os->origin[origin].fresh_connections = http->connections;
	/* An origin that answers with an error needs no connections opened ahead. */
	if (fault == FAULT_RESOLVE || fault == FAULT_CONNECT || fault == FAULT_STALL)
		origin_forget_connections(&os->origin[origin]);
	log_failure(os, origin, why, rest);
}

static void note_success(struct origins *os, struct transfer *t)
{
	struct origin *o = &os->origin[t->origin];
	unsigned rtt_ms;
	long version = 0;

	if (os->health[t->origin].failures) {
		log_say(os->log, LOG_NOTE, "%s: answers again", o->shown);
		o->logged[0] = '\0';
	}
	if (o->request_limit && ++o->answers_since_limit >= MORE_AFTER) {
		o->request_limit++;
		o->answers_since_limit = 0;
	}
	origin_health_success(&os->health[t->origin]);
	if (clock_ms() - t->sent_ms < SILENCE_LIMIT_MS)
		os->origin[t->origin].silence_limit_ms = 0;
	os->used = t->origin;
	curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
	o->multiplexes = version >= CURL_HTTP_VERSION_2_0;
	if (o->multiplexes)
		preconnect_close_all(&o->preconnect);
	rtt_ms = t->connection == CONNECTION_NEW ? transfer_connect_ms(t) : transfer_answer_ms(t);
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

/* Finds out by a new connection whether a silent origin is gone, or only the
 * connections to it are.
 */
static void probe_silent(struct origins *os)
{
	uint64_t now = clock_ms();
	unsigned patience;
	struct transfer *t;
	struct origin *o;
	size_t i;

	for (i = 0; i < os->count && os->total_bytes; i++) {
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

/* Whether the answer means that the origin takes fewer requests at once: 503 or 429 to
 * one of several.  The number of the others becomes the limit, and no backoff begins.
 * The same answer to a single request is a fault.  The cause may have been a moment's
 * load, so note_success() raises the limit again, slowly.
 */
static bool is_request_limit(struct transfer *t)
{
	struct origins *os = t->origins;
	struct origin *o = &os->origin[t->origin];
	unsigned others = origin_request_count(os, t->origin) - 1;

	if ((t->response.status != 503 && t->response.status != 429) || !others)
		return false;
	if (!o->request_limit)
		log_say(os->log, LOG_NOTE, "%s: server answered %u to one of %u requests at once; asking for fewer",
			o->shown, t->response.status, others + 1);
	if (!o->request_limit || others < o->request_limit)
		o->request_limit = others;
	o->answers_since_limit = 0;
	return true;
}

static void transfer_end(struct transfer *t, enum fault fault)
{
	struct origins *os = t->origins;
	struct origin_request *request = t->request;

	if (t->is_silence_probe) {
		transfer_retire(t);
		if (!fault)
			end_silent(os, t->origin, t->sent_ms);
		return;
	}
	if (request && request->is_profile)
		end_profile(os, t, fault);
	else if (!fault)
		note_success(os, t);
	else if (!request || !is_request_limit(t))
		note_failure(os, t->origin, fault, t->why, t->response.retry_after_s);
	transfer_retire(t);
	if (request)
		os->sink.end(os->sink.ctx, request, fault);
}

static void end_stalled(struct origins *os)
{
	uint64_t stall_ms = os->options->http.stall_ms, now = clock_ms();
	struct transfer *t = os->active, *next;

	for (; t; t = next) {
		next = t->next;
		if (now - t->window_start_ms < stall_ms)
			continue;
		if (t->window_bytes >= STALL_BYTES_PER_S * stall_ms / 1000) {
			t->window_start_ms = now;
			t->window_bytes = 0;
			continue;
		}
		snprintf(t->why, sizeof t->why, "%" PRIu64 " bytes in %.1f s: stalled",
			 t->window_bytes, (double)stall_ms / 1000);
		transfer_end(t, FAULT_STALL);
	}
}

/* Asks an origin whose backoff is over, while another one serves, for one byte. */
static void probe_spare(struct origins *os)
{
	int due;

	if (!os->active_count || !os->total_bytes)
		return;
	due = origin_health_due(os->health, os->count, clock_ms());
	if (due >= 0)
		transfer_start(os, due, 0, 0, NULL);
}

static unsigned poll_limit(const struct origins *os, unsigned timeout_ms)
{
	unsigned check = os->options->http.stall_ms / 4 + 1;

	if (check > POLL_LIMIT_MS)
		check = POLL_LIMIT_MS;
	return os->active && timeout_ms > check ? check : timeout_ms;
}

/* Returns whether some are left. */
static bool close_old_sockets(struct origins *os)
{
	uint64_t now = clock_ms();
	bool left = false;
	size_t i;

	for (i = 0; i < os->count; i++) {
		preconnect_close_old(&os->origin[i].preconnect, now);
		left |= os->origin[i].preconnect.count > 0;
	}
	return left;
}

static void retry_all_origins(struct origins *os)
{
	size_t i;

	origin_health_reset(os->health, os->count);
	for (i = 0; i < os->count; i++)
		os->origin[i].last_byte_ms = 0;	/* a probe is due at once */
}

void origins_poll(struct origins *os, unsigned timeout_ms)
{
	struct curl_waitfd link = { .fd = os->link_fd, .events = CURL_WAIT_POLLIN };
	int running, left;
	struct transfer *t;
	CURLMsg *message;

	probe_spare(os);
	probe_silent(os);
	curl_multi_perform(os->multi, &running);
	while ((message = curl_multi_info_read(os->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		transfer_end(t, transfer_judge(t, message->data.result));
		timeout_ms = 0;
	}
	end_stalled(os);
	if (close_old_sockets(os) && timeout_ms > SPARES_CHECK_MS)
		timeout_ms = SPARES_CHECK_MS;
	if (timeout_ms && !os->has_reached)
		curl_multi_poll(os->multi, &link, os->link_fd >= 0 ? 1 : 0,
				(int)poll_limit(os, timeout_ms), NULL);
	if (os->link_fd >= 0 && link_monitor_came_up(os->link_fd))
		retry_all_origins(os);
}

void origins_open_ahead(struct origins *os, unsigned count)
{
	struct origin *o;
	unsigned more;
	size_t i;

	if (!os->has_reached)
		return;
	os->has_reached = false;
	for (i = 0; i < os->count; i++) {
		o = &os->origin[i];
		more = o->request_limit && o->request_limit < count ? o->request_limit : count;
		more -= origin_request_count(os, (int)i) < more ? origin_request_count(os, (int)i) : more;
		/* curl binds a socket to interface= only before it connects. */
		if (o->reached_ip[0] && os->rtt_ms >= LONG_RTT_MS && !o->multiplexes &&
		    !os->options->http.interface)
			preconnect_start(&o->preconnect, o->reached_ip, o->reached_port, more,
					   clock_ms());
		o->reached_ip[0] = '\0';
	}
}

void origins_wake(struct origins *os)
{
	curl_multi_wakeup(os->multi);
}

/* The origin for a request, or -1.  A profile is requested from an origin that serves,
 * or from the one that another request is asking.
 */
static int pick(const struct origins *os, const struct origin_request *request)
{
	int origin = origin_health_pick(os->health, os->count, clock_ms(), request->avoid);

	if (request->is_profile && (origin < 0 || os->health[origin].failures))
		return os->active ? os->active->origin : -1;
	return origin;
}

int origins_start(struct origins *os, struct origin_request *request)
{
	int origin = pick(os, request);

	if (origin < 0)
		return -EAGAIN;
	if (os->origin[origin].request_limit && origin_request_count(os, origin) >= os->origin[origin].request_limit)
		return -EBUSY;
	request->origin = origin;
	return transfer_start(os, origin, request->offset,
			      request->offset + request->length - 1, request);
}

void origins_cancel(struct origins *os, struct origin_request *request)
{
	struct transfer *t;

	for (t = os->active; t; t = t->next) {
		if (t->request != request)
			continue;
		transfer_retire(t);
		return;
	}
}

uint64_t origins_wait_ms(const struct origins *os)
{
	return origin_health_wait(os->health, os->count, clock_ms());
}

void origins_blame(struct origins *os, int origin, enum fault fault, const char *why)
{
	note_failure(os, origin, fault, why, 0);
}

void origins_set_total(struct origins *os, uint64_t total_bytes)
{
	os->total_bytes = total_bytes;
}

uint64_t origins_reported_total(const struct origins *os, int origin)
{
	return os->origin[origin].reported_total;
}

const char *origins_library(void)
{
	return curl_version();
}

uint64_t origins_fetched_bytes(const struct origins *os)
{
	return os->fetched_bytes;
}

void origins_state(const struct origins *os, struct origins_state *out)
{
	out->url = os->origin[os->used].shown;
	out->last_error = os->last_error;
	out->fetched_bytes = os->fetched_bytes;
	out->requests = os->requests;
	out->rtt_ms = os->rtt_ms;
	out->delay_ms = os->delay_ms;
	out->outage = !origin_health_any_but(os->health, os->count, -1);
}

int origins_new(const struct options *options, const struct log *log,
		const struct origin_sink *sink, struct origins **out)
{
	struct origins *os = calloc(1, sizeof *os);
	size_t i;
	int err = 0;

	if (!os || curl_global_init(CURL_GLOBAL_DEFAULT)) {
		free(os);
		return -ENOMEM;
	}
	os->options = options;
	os->log = log;
	os->sink = *sink;
	os->link_fd = -1;
	os->count = options->url_count;
	for (i = 0; i < os->count; i++) {
		os->origin[i].url = options->urls[i];
		os->origin[i].is_first_connection = true;
		show_url(options->urls[i], os->origin[i].shown,
			 sizeof os->origin[i].shown);
		os->origin[i].profile_url = profile_url(options, options->urls[i]);
		if (!os->origin[i].profile_url)
			err = -ENOMEM;
	}
	if (!err)
		err = curl_setup_init(&os->setup, options, log);
	if (!err) {
		os->multi = curl_multi_init();
		err = os->multi ? 0 : -ENOMEM;
	}
	if (err) {
		origins_free(os);
		return err;
	}
	os->link_fd = link_monitor_open();
	*out = os;
	return 0;
}

void origins_free(struct origins *os)
{
	struct transfer *t;
	size_t i;

	if (!os)
		return;
	while (os->active)
		transfer_retire(os->active);
	for (i = 0; i < os->count; i++) {
		free(os->origin[i].profile_url);
		preconnect_close_all(&os->origin[i].preconnect);
		while ((t = os->origin[i].idle)) {
			os->origin[i].idle = t->next;
			curl_easy_cleanup(t->easy);
			free(t);
		}
	}
	if (os->multi)
		curl_multi_cleanup(os->multi);
	if (os->link_fd >= 0)
		close(os->link_fd);
	curl_setup_free(&os->setup);
	free(os);
	curl_global_cleanup();
}
