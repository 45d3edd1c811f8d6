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

#include "engine/http/ca-bundle.h"
#include "common/clock.h"
#include "engine/http/link-monitor.h"
#include "engine/http/transfer.h"

/* Slower than this for stall= seconds is dead, not slow. */
#define STALL_BYTES_PER_S 100
/* Not a byte for so long, or for four round trips, and we ask whether anybody is
 * there.
 */
#define SILENCE_MS 2000
#define LISTEN_MS 500
/* The same complaint again only after so long. */
#define LOG_AGAIN_MS 60000
/* So many good answers, and a server that took no more requests at once is asked for
 * one more.
 */
#define MORE_AFTER 64
/* So often is looked whether connections that were opened ahead are still of use. */
#define SPARES_LOOK_MS 5000
/* Nearer than that, connections need not be opened ahead. */
#define FAR_MS 50
/* While another origin serves, one that fails is tried this much less often. */
#define SPARE_REST_FACTOR 6

/* The URL without what may be secret: user, password, query. */
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

static unsigned draw(void)
{
	unsigned random = 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
		random = (unsigned)clock_ms();
	return random;
}

/* Says what is wrong and what happens next, but not over and over. */
static void complain(struct origins *os, int origin, const char *why, uint64_t rest_ms)
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

static void failed(struct origins *os, int origin, enum fault fault,
		   const char *why, unsigned retry_after_s)
{
	const struct http_options *http = &os->options->http;
	uint64_t rest_max = http->retry_max_ms, rest;

	if (origin_health_any_but(os->health, os->count, origin))
		rest_max *= SPARE_REST_FACTOR;
	rest = origin_health_failure(&os->health[origin], fault, clock_ms(), rest_max,
			      retry_after_s * 1000ULL, draw());
	if (fault != FAULT_CORRUPT)
		os->origin[origin].fresh = http->connections;
	/* One that can be reached and says no is not asked by many at once. */
	if (fault == FAULT_RESOLVE || fault == FAULT_CONNECT || fault == FAULT_STALL)
		origin_connect_anew(&os->origin[origin]);
	complain(os, origin, why, rest);
}

static void succeeded(struct origins *os, struct transfer *t)
{
	struct origin *o = &os->origin[t->origin];
	unsigned rtt_ms;
	long version = 0;

	if (os->health[t->origin].failures) {
		log_say(os->log, LOG_NOTE, "%s: answers again", o->shown);
		o->logged[0] = '\0';
	}
	if (o->most && ++o->since_most >= MORE_AFTER) {
		o->most++;
		o->since_most = 0;
	}
	origin_health_success(&os->health[t->origin]);
	if (clock_ms() - t->sent_ms < SILENCE_MS)
		os->origin[t->origin].silence_ms = 0;
	os->used = t->origin;
	curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
	o->multiplexes = version >= CURL_HTTP_VERSION_2_0;
	if (o->multiplexes)
		preconnect_close_all(&o->preconnect);
	rtt_ms = t->connection == CONNECTION_NEW ? transfer_connect_ms(t) : transfer_answer_ms(t);
	os->delay_ms = os->delay_ms ? (3 * os->delay_ms + rtt_ms) / 4 : rtt_ms;
	/* Fall at once, rise slowly, and not by the queue that we make ourselves. */
	if (!os->rtt_ms || os->rtt_is_hearsay || rtt_ms < os->rtt_ms)
		os->rtt_ms = rtt_ms;
	else if (t->was_alone)
		os->rtt_ms += (rtt_ms - os->rtt_ms) / 8;
	os->rtt_is_hearsay = false;
}

/* No profile is no fault. */
static void end_profile(struct origins *os, struct transfer *t, enum fault fault)
{
	if (fault)
		log_say(os->log, LOG_DETAIL, "%s: no profile: %s", os->origin[t->origin].shown, t->why);
}

/* A probe was answered while these kept silent: they were caught in an outage, and
 * TCP would wait for as long again as it has lasted.  Nobody's fault.
 */
static void end_silent(struct origins *os, int origin, uint64_t since_ms)
{
	struct transfer *t = os->busy, *next;
	struct origin *o = &os->origin[origin];
	struct origin_request *request;

	for (; t; t = next) {
		next = t->next;
		request = t->request;
		if (t->origin != origin || !request || t->heard_ms >= since_ms)
			continue;
		transfer_retire(t);
		os->sink.end(os->sink.ctx, request, FAULT_STALL);
		o->fresh = os->options->http.connections;
	}
	/* If the new ones keep silent too, it is just slow: more patience. */
	o->silence_ms = o->silence_ms ? 2 * o->silence_ms : 2 * SILENCE_MS;
}

/* Nothing has been heard for a while: is it gone, or are only our connections? */
static void probe_silent(struct origins *os)
{
	uint64_t now = clock_ms();
	unsigned patience;
	struct transfer *t;
	struct origin *o;
	size_t i;

	for (i = 0; i < os->count && os->total_bytes; i++) {
		o = &os->origin[i];
		patience = o->silence_ms ? o->silence_ms : SILENCE_MS;
		if (patience < 4 * os->rtt_ms)
			patience = 4 * os->rtt_ms;
		if (now - o->heard_ms < patience || os->health[i].failures ||
		    !origin_owes(os, (int)i))
			continue;
		for (t = os->busy; t && !(t->asks_if_alive && t->origin == (int)i); t = t->next)
			;
		if (t)
			continue;
		o->fresh++;
		origin_connect_anew(o);
		if (!transfer_start(os, (int)i, 0, 0, NULL))
			os->busy->asks_if_alive = true;
	}
}

/* 503 and 429 for one of several requests at once: it takes no more than the rest of
 * them.  That is no trouble, and nobody has to wait.  Of a last one it would be.  It
 * may have been the server's bad moment: succeeded() tries one more now and then.
 */
static bool was_too_many(struct transfer *t)
{
	struct origins *os = t->origins;
	struct origin *o = &os->origin[t->origin];
	unsigned others = origin_owes(os, t->origin) - 1;

	if ((t->response.status != 503 && t->response.status != 429) || !others)
		return false;
	if (!o->most)
		log_say(os->log, LOG_NOTE, "%s: server answered %u to one of %u requests at once; asking for fewer",
			o->shown, t->response.status, others + 1);
	if (!o->most || others < o->most)
		o->most = others;
	o->since_most = 0;
	return true;
}

static void transfer_end(struct transfer *t, enum fault fault)
{
	struct origins *os = t->origins;
	struct origin_request *request = t->request;

	if (t->asks_if_alive) {
		transfer_retire(t);
		if (!fault)
			end_silent(os, t->origin, t->sent_ms);
		return;
	}
	if (request && request->is_profile)
		end_profile(os, t, fault);
	else if (!fault)
		succeeded(os, t);
	else if (!request || !was_too_many(t))
		failed(os, t->origin, fault, t->why, t->response.retry_after_s);
	transfer_retire(t);
	if (request)
		os->sink.end(os->sink.ctx, request, fault);
}

static void end_stalled(struct origins *os)
{
	uint64_t stall_ms = os->options->http.stall_ms, now = clock_ms();
	struct transfer *t = os->busy, *next;

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

/* A spare that has rested: one byte tells whether it is back. */
static void probe_spare(struct origins *os)
{
	int due;

	if (!os->busy_count || !os->total_bytes)
		return;
	due = origin_health_due(os->health, os->count, clock_ms());
	if (due >= 0)
		transfer_start(os, due, 0, 0, NULL);
}

static unsigned poll_limit(const struct origins *os, unsigned timeout_ms)
{
	unsigned check = os->options->http.stall_ms / 4 + 1;

	if (check > LISTEN_MS)
		check = LISTEN_MS;
	return os->busy && timeout_ms > check ? check : timeout_ms;
}

/* Whether any are left, which will be old. */
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

static void link_is_up(struct origins *os)
{
	size_t i;

	origin_health_reset(os->health, os->count);
	for (i = 0; i < os->count; i++)
		os->origin[i].heard_ms = 0;	/* probe at once */
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
	if (close_old_sockets(os) && timeout_ms > SPARES_LOOK_MS)
		timeout_ms = SPARES_LOOK_MS;
	if (timeout_ms && !os->has_reached)
		curl_multi_poll(os->multi, &link, os->link_fd >= 0 ? 1 : 0,
				(int)poll_limit(os, timeout_ms), NULL);
	if (os->link_fd >= 0 && link_monitor_came_up(os->link_fd))
		link_is_up(os);
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
		more = o->most && o->most < count ? o->most : count;
		more -= origin_owes(os, (int)i) < more ? origin_owes(os, (int)i) : more;
		/* curl would bind it to the interface, and does not if it is connected. */
		if (o->reached_ip[0] && os->rtt_ms >= FAR_MS && !o->multiplexes &&
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

/* A profile goes to an origin that serves, or beside a request that is to find out
 * whether one does.
 */
static int pick(const struct origins *os, const struct origin_request *request)
{
	int origin = origin_health_pick(os->health, os->count, clock_ms(), request->avoid);

	if (request->is_profile && (origin < 0 || os->health[origin].failures))
		return os->busy ? os->busy->origin : -1;
	return origin;
}

int origins_start(struct origins *os, struct origin_request *request)
{
	int origin = pick(os, request);

	if (origin < 0)
		return -EAGAIN;
	if (os->origin[origin].most && origin_owes(os, origin) >= os->origin[origin].most)
		return -EBUSY;
	request->origin = origin;
	return transfer_start(os, origin, request->offset,
			      request->offset + request->length - 1, request);
}

void origins_cancel(struct origins *os, struct origin_request *request)
{
	struct transfer *t;

	for (t = os->busy; t; t = t->next) {
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
	failed(os, origin, fault, why, 0);
}

void origins_set_total(struct origins *os, uint64_t total_bytes)
{
	os->total_bytes = total_bytes;
}

uint64_t origins_told_total(const struct origins *os, int origin)
{
	return os->origin[origin].told_total;
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

static bool needs_ca(const struct options *options)
{
	const char *proxy = options->http.proxy;
	size_t i;

	if (!options->http.sslverify)
		return false;
	for (i = 0; i < options->url_count; i++)
		if (!strncasecmp(options->urls[i], "https:", 6))
			return true;
	/* An http origin may redirect to https. */
	return options->http.cainfo || options->http.capath ||
	       (proxy && !strncasecmp(proxy, "https:", 6));
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
		os->origin[i].connects_anew = true;
		show_url(options->urls[i], os->origin[i].shown,
			 sizeof os->origin[i].shown);
		os->origin[i].profile_url = profile_url(options, options->urls[i]);
		if (!os->origin[i].profile_url)
			err = -ENOMEM;
	}
	if (!err)
		err = curl_setup_init(&os->setup, &options->http);
	if (!err && needs_ca(options))
		err = ca_bundle_read(options->http.cainfo, options->http.capath, log,
				     &os->setup.ca, &os->setup.ca_size);
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
	while (os->busy)
		transfer_retire(os->busy);
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
