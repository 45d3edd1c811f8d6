/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "engine/http/link-monitor.h"
#include "engine/http/transfer.h"
#include "engine/http/url.h"

#define POLL_LIMIT_MS 500
/* Milliseconds between two looks for connections that were opened ahead and are old. */
#define SPARES_CHECK_MS 5000
/* With a shorter round trip, no connections are opened ahead. */
#define LONG_RTT_MS 50
/* What a profile may take while the image waits for it. */
#define PROFILE_GRACE_MS 3000

/* Asks an origin for one byte, if there is one and the image has a size. */
static void probe(struct origins *os, int origin)
{
	if (origin >= 0 && os->total_bytes)
		transfer_start(os, origin, 0, 0, NULL);
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

/* Returns the number of descriptors that end a poll beside those of curl. */
static unsigned other_fds(const struct origins *os, struct curl_waitfd others[2])
{
	unsigned count = 0;

	if (os->link_fd >= 0)
		others[count++] = (struct curl_waitfd){ .fd = os->link_fd, .events = CURL_WAIT_POLLIN };
	if (os->wake_fd >= 0)
		others[count++] = (struct curl_waitfd){ .fd = os->wake_fd, .events = CURL_WAIT_POLLPRI };
	return count;
}

void origins_wake_on(struct origins *os, int fd)
{
	os->wake_fd = fd;
}

void origins_poll(struct origins *os, unsigned timeout_ms)
{
	struct curl_waitfd others[2];
	int running, left;
	struct transfer *t;
	CURLMsg *message;

	/* An origin whose backoff is over, while another one serves. */
	if (os->active_count)
		probe(os, origin_health_due(os->health, os->count, clock_ms()));
	transfer_probe_silent(os);
	curl_multi_perform(os->multi, &running);
	while ((message = curl_multi_info_read(os->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		transfer_end(t, transfer_judge(t, message->data.result));
		timeout_ms = 0;
	}
	if (transfer_end_late(os))
		timeout_ms = 0;
	if (close_old_sockets(os) && timeout_ms > SPARES_CHECK_MS)
		timeout_ms = SPARES_CHECK_MS;
	if (timeout_ms && !os->has_reached)
		curl_multi_poll(os->multi, others, other_fds(os, others),
				(int)poll_limit(os, timeout_ms), NULL);
	if (os->link_fd >= 0 && link_monitor_came_up(os->link_fd))
		retry_all_origins(os);
}

/* At most most requests, with a limit of an origin; 0: no limit known. */
static unsigned within_limit(unsigned limit, unsigned most)
{
	return limit && limit < most ? limit : most;
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
		more = within_limit(o->limit.requests, count);
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
	int origin = origins_pick(os, request->avoid);

	if (request->is_profile && (origin < 0 || os->health[origin].failures))
		return os->active ? os->active->origin : -1;
	if (!request->is_profile && os->claimed_by >= 0)
		return origin_health_pick(&os->health[os->claimed_by], 1, clock_ms(), -1) < 0 ? -1 : os->claimed_by;
	return origin;
}

/* Requests at once that an origin may get; 0: no limit known. */
static unsigned request_limit(const struct origins *os, int origin)
{
	return origin_health_is_corrupt(&os->health[origin]) ? 1 : os->origin[origin].limit.requests;
}

bool origins_probe_corrupt(const struct origins *os)
{
	int origin = origins_pick(os, -1);

	return origin >= 0 && origin_health_is_in_corrupt_pause(&os->health[origin], clock_ms());
}

unsigned origins_request_limit(const struct origins *os, unsigned most)
{
	int origin = origins_pick(os, -1);

	return within_limit(origin < 0 ? 0 : request_limit(os, origin), most);
}

/* A profile must not keep the image waiting, at an origin that takes no more requests. */
static void end_slow_profile(struct origins *os, int origin)
{
	uint64_t now = clock_ms();
	struct transfer *t = os->active;

	while (t && !(transfer_is_profile(t) && t->origin == origin && now - t->sent_ms >= PROFILE_GRACE_MS))
		t = t->next;
	if (!t)
		return;
	snprintf(t->why, sizeof t->why, "too slow, and the image waits for it");
	transfer_end(t, FAULT_STALL);
}

int origins_start(struct origins *os, struct origin_request *request)
{
	int origin = pick(os, request);
	unsigned limit;

	/* A profile waits for an origin that serves, and perhaps no other request is to come. */
	if (origin < 0 && request->is_profile)
		probe(os, origins_pick(os, -1));
	if (origin < 0)
		return -EAGAIN;
	limit = request_limit(os, origin);
	if (limit && origin_request_count(os, origin) >= limit && !request->is_profile)
		end_slow_profile(os, origin);
	if (limit && origin_request_count(os, origin) >= limit)
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

void origins_credit(struct origins *os, int origin, uint64_t bytes)
{
	origin_health_verified(&os->health[origin], bytes);
}

void origins_set_total(struct origins *os, uint64_t total_bytes)
{
	origins_set_claim(os, total_bytes, -1);
}

void origins_set_claim(struct origins *os, uint64_t total_bytes, int origin)
{
	os->total_bytes = total_bytes;
	os->claimed_by = origin;
}

void origins_set_split(struct origins *os, uint64_t data_bytes)
{
	os->split_bytes = data_bytes;
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
	size_t i;

	out->url = os->origin[os->used].shown;
	out->corrupt_url = os->corrupt < 0 ? "" : os->origin[os->corrupt].shown;
	out->last_error = os->last_error;
	out->last_error_age_s = os->last_error[0] ? (int64_t)((clock_ms() - os->last_error_ms) / 1000) : -1;
	out->fetched_bytes = os->fetched_bytes;
	out->discarded_bytes = os->discarded_bytes;
	out->requests = os->requests;
	memcpy(out->answers, os->answers, sizeof out->answers);
	out->rtt_ms = os->rtt_ms;
	out->delay_ms = os->delay_ms;
	out->outage = !origin_health_any_but(os->health, os->count, -1);
	out->link_failed = false;
	for (i = 0; i < os->count && out->outage; i++)
		out->link_failed |= os->origin[i].link_failed;
}

int origins_new(const struct options *options, const struct log *log,
		const struct origin_sink *sink, struct origins **out)
{
	int err = url_check_all(options, log);
	struct origins *os;
	size_t i;

	if (err)
		return err;
	os = calloc(1, sizeof *os);
	if (!os || curl_global_init(CURL_GLOBAL_DEFAULT)) {
		free(os);
		return -ENOMEM;
	}
	os->options = options;
	os->log = log;
	os->sink = *sink;
	os->link_fd = os->wake_fd = -1;
	os->corrupt = -1;
	os->claimed_by = -1;
	os->count = options->url_count;
	for (i = 0; i < os->count; i++) {
		os->origin[i].url = options->urls[i];
		os->origin[i].is_first_connection = true;
		url_without_secrets(options->urls[i], os->origin[i].shown,
			 sizeof os->origin[i].shown);
		os->origin[i].profile_url = url_of_profile(options, options->urls[i]);
		if (options->hash_tree)
			os->origin[i].tree_url = url_of_hash_tree(options, options->urls[i]);
		if (!os->origin[i].profile_url || (options->hash_tree && !os->origin[i].tree_url))
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
		free(os->origin[i].tree_url);
		free(os->origin[i].target);
		preconnect_close_all(&os->origin[i].preconnect);
		while ((t = os->origin[i].idle)) {
			os->origin[i].idle = t->next;
			transfer_free(t);
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
