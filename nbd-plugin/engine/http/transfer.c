/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "engine/http/transfer.h"

/* Milliseconds for two SYNs: the kernel sends one at once, one after 1 s, and the next
 * after 3 s.
 */
#define SHORT_CONNECT_MS 2000
/* One attempt in this number has the whole connect-timeout=, in case the link has
 * become slow.
 */
#define LONG_ATTEMPT_EVERY 8

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;

	response_header_line(&t->response, line, size * count);
	return size * count;
}

/* Finds out whether the image was replaced while it was being read.  With a root hash
 * this is only logged, because no byte of another image can pass; without one it is a
 * fault of this origin.
 */
static enum fault check_etag(struct transfer *t)
{
	struct origins *os = t->origins;
	struct origin *o = &os->origin[t->origin];

	if (response_etag_changed(o->etag, t->response.etag)) {
		if (os->options->verify_none) {
			snprintf(t->why, sizeof t->why,
				 "image was replaced (ETag %.40s, was %.40s)",
				 t->response.etag, o->etag);
			return FAULT_REPLACED;
		}
		log_say(os->log, LOG_NOTE, "%s: file was replaced (ETag %.40s, was %.40s); every block is still verified",
			o->shown, t->response.etag, o->etag);
	}
	if (t->response.etag[0])
		memcpy(o->etag, t->response.etag, sizeof o->etag);
	return FAULT_NONE;
}

static enum fault check_header(struct transfer *t)
{
	struct origins *os = t->origins;
	enum fault fault;

	if (t->request && t->request->is_profile)
		return response_check_whole(&t->response, t->last, t->why, sizeof t->why);
	fault = response_check(&t->response, t->first, t->last, os->total_bytes,
				 t->why, sizeof t->why);
	if (!fault)
		fault = check_etag(t);
	if (fault)
		return fault;
	if (t->last >= t->response.total)
		t->last = t->response.total - 1;
	os->origin[t->origin].reported_total = t->response.total;
	return FAULT_NONE;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	struct origins *os = t->origins;
	size_t got = size * count;

	if (!t->checked) {
		t->fault = check_header(t);
		t->checked = true;
	}
	if (t->fault)
		return 0;	/* curl ends the transfer */
	if (got > t->last - t->first + 1 - t->received) {
		snprintf(t->why, sizeof t->why, "server sent more than was asked for");
		t->fault = FAULT_BROKEN;
		return 0;
	}
	t->received += got;
	t->window_bytes += got;
	t->last_byte_ms = os->origin[t->origin].last_byte_ms = clock_ms();
	os->fetched_bytes += got;
	if (t->request)
		os->sink.bytes(os->sink.ctx, t->request, (const uint8_t *)bytes, got);
	return got;
}

static unsigned between_ms(const struct transfer *t, CURLINFO begin, CURLINFO end)
{
	curl_off_t from = 0, to = 0;

	curl_easy_getinfo(t->easy, begin, &from);
	curl_easy_getinfo(t->easy, end, &to);
	return to > from ? (unsigned)((to - from + 999) / 1000) : 1;
}

unsigned transfer_connect_ms(const struct transfer *t)
{
	return between_ms(t, CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T);
}

unsigned transfer_answer_ms(const struct transfer *t)
{
	return between_ms(t, CURLINFO_PRETRANSFER_TIME_T, CURLINFO_STARTTRANSFER_TIME_T);
}

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = ctx;
	curl_socket_t fd = preconnect_take(&t->origins->origin[t->origin].preconnect, address);

	(void)purpose;
	t->connection = fd >= 0 && preconnect_is_connected(fd) ? CONNECTION_AHEAD : CONNECTION_NEW;
	return fd;
}

static int on_socket_options(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
	(void)ctx;
	(void)purpose;
	return preconnect_is_connected(fd) ? CURL_SOCKOPT_ALREADY_CONNECTED : CURL_SOCKOPT_OK;
}

/* curl has connected, and is about to send the request. */
static int on_connected(void *ctx, char *ip, char *local_ip, int port, int local_port)
{
	struct transfer *t = ctx;
	struct origins *os = t->origins;
	struct origin *o = &os->origin[t->origin];
	/* A profile may be on another server, and a probe of another origin starts no
	 * transfers.
	 */
	bool leads = t->request ? !t->request->is_profile : t->is_silence_probe;

	(void)local_ip;
	(void)local_port;
	curl_setup_connected(t->easy);
	if (t->connection != CONNECTION_NEW || !o->is_first_connection || !leads)
		return CURL_PREREQFUNC_OK;
	o->is_first_connection = false;
	if (!os->rtt_ms) {
		os->rtt_ms = transfer_connect_ms(t);
		os->rtt_is_provisional = true;
	}
	snprintf(o->reached_ip, sizeof o->reached_ip, "%s", ip);
	o->reached_port = port;
	os->has_reached = true;
	return CURL_PREREQFUNC_OK;
}

static struct transfer *transfer_get(struct origins *os, int origin)
{
	struct origin *o = &os->origin[origin];
	struct transfer *t = o->idle;

	if (t) {
		o->idle = t->next;
		return t;
	}
	t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	t->origins = os;
	t->origin = origin;
	t->easy = curl_setup_handle(&os->setup, o->url);
	if (!t->easy) {
		free(t);
		return NULL;
	}
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_SOCKOPTFUNCTION, on_socket_options);
	curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(t->easy, CURLOPT_PREREQDATA, t);
	return t;
}

static void transfer_put(struct transfer *t)
{
	struct origin *o = &t->origins->origin[t->origin];

	t->request = NULL;
	t->next = o->idle;
	o->idle = t;
}

void origin_forget_connections(struct origin *o)
{
	preconnect_close_all(&o->preconnect);
	o->reached_ip[0] = '\0';
	o->is_first_connection = true;
}

unsigned origin_request_count(const struct origins *os, int origin)
{
	const struct transfer *t;
	unsigned count = 0;

	for (t = os->active; t; t = t->next)
		if (t->origin == origin && t->request)
			count++;
	return count;
}

/* Many short attempts find the end of an outage sooner than few long ones, because the
 * kernel doubles the time from one SYN to the next.
 */
static long connect_timeout_ms(const struct origins *os, int origin, bool is_probe)
{
	long most = (long)os->options->http.connect_timeout_ms;
	long enough = 8L * (long)os->rtt_ms;

	if (enough < SHORT_CONNECT_MS)
		enough = SHORT_CONNECT_MS;
	if (!os->rtt_ms || (!is_probe && os->origin[origin].attempts % LONG_ATTEMPT_EVERY == LONG_ATTEMPT_EVERY - 1))
		return most;
	return enough < most ? enough : most;
}

int transfer_start(struct origins *os, int origin, uint64_t first,
			  uint64_t last, struct origin_request *request)
{
	struct origin *o = &os->origin[origin];
	struct transfer *t = transfer_get(os, origin);
	bool no_cache = request && request->no_cache;
	bool is_profile = request && request->is_profile;
	char range[64];

	if (!t)
		return -ENOMEM;
	t->request = request;
	t->first = first;
	t->last = last;
	t->received = t->window_bytes = 0;
	t->window_start_ms = t->sent_ms = t->last_byte_ms = clock_ms();
	t->is_silence_probe = t->is_single = false;
	/* No byte was due from an idle origin. */
	if (!origin_request_count(os, origin))
		o->last_byte_ms = t->last_byte_ms;
	memset(&t->response, 0, sizeof t->response);
	t->was_alone = !os->active;
	t->connection = CONNECTION_REUSED;
	t->checked = false;
	t->fault = FAULT_NONE;
	t->why[0] = t->curl_error[0] = '\0';
	snprintf(range, sizeof range, "%" PRIu64 "-%" PRIu64, first, last);
	curl_easy_setopt(t->easy, CURLOPT_RANGE, is_profile ? NULL : range);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->curl_error);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER,
			 no_cache ? os->setup.no_cache_headers : os->setup.headers);
	curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, o->fresh_connections ? 1L : 0L);
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms(os, origin, !request));
	if (curl_setup_url(&os->setup, t->easy, is_profile ? o->profile_url : o->url) ||
	    curl_multi_add_handle(os->multi, t->easy)) {
		transfer_put(t);
		return -ENOMEM;
	}
	if (o->fresh_connections)
		o->fresh_connections--;
	if (os->health[origin].failures) {
		os->health[origin].probing = t->is_single = true;
		o->attempts++;
	}
	t->next = os->active;
	os->active = t;
	os->active_count++;
	os->requests++;
	return 0;
}

void transfer_retire(struct transfer *t)
{
	struct transfer **at = &t->origins->active;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->origins->active_count--;
	/* However the request ended, the origin may get the next one. */
	if (t->is_single)
		t->origins->health[t->origin].probing = false;
	curl_multi_remove_handle(t->origins->multi, t->easy);
	transfer_put(t);
}

static enum fault fault_of_curl(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return FAULT_RESOLVE;
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
		return FAULT_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
		return FAULT_TLS;
	case CURLE_TOO_MANY_REDIRECTS:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return FAULT_REDIRECT;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
		return FAULT_LOCAL;
	default:
		return FAULT_BROKEN;
	}
}

enum fault transfer_judge(struct transfer *t, CURLcode code)
{
	if (t->fault)
		return t->fault;
	if (code == CURLE_OK && !t->checked) {
		/* The body is empty, so on_body() was not called. */
		t->fault = check_header(t);
		if (t->fault)
			return t->fault;
	}
	/* The length of a profile is not known before. */
	if (code == CURLE_OK && t->request && t->request->is_profile)
		return FAULT_NONE;
	if (code == CURLE_OK && t->received == t->last - t->first + 1)
		return FAULT_NONE;
	if (code == CURLE_OK || code == CURLE_PARTIAL_FILE) {
		snprintf(t->why, sizeof t->why,
			 "body ended after %" PRIu64 " of %" PRIu64 " bytes",
			 t->received, t->last - t->first + 1);
		return FAULT_BROKEN;
	}
	if (code == CURLE_UNSUPPORTED_PROTOCOL)
		snprintf(t->why, sizeof t->why,
			 "redirect to a protocol that is not allowed (https never goes to http)");
	else
		snprintf(t->why, sizeof t->why, "%s", t->curl_error[0] ?
			 t->curl_error : curl_easy_strerror(code));
	return fault_of_curl(code);
}
