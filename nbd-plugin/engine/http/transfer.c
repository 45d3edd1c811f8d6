/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/clock.h"
#include "engine/http/redirect.h"
#include "engine/http/transfer.h"

/* A name is looked up again after this time; curl's default. */
#define DNS_CACHE_S 60L
/* The body of an error or of a redirect is read up to this size, so that the connection can be
 * used again.
 */
#define DISCARD_MAX (16U << 10)
/* Real servers send less than 16 KiB of header lines. */
#define HEADER_MAX (32U << 10)
#define NO_CLIENT_CERTIFICATE "; the server asked for a client certificate, and farroot can send none"

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;

	t->header_bytes += size * count;
	if (t->header_bytes > HEADER_MAX) {
		snprintf(t->why, sizeof t->why, "header of more than %u KiB", HEADER_MAX >> 10);
		t->fault = FAULT_BROKEN;
		return 0;
	}
	credentials_header_line(&t->origins->setup.credentials, line, size * count);
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
	char *etag = t->is_tree ? o->tree_etag : o->etag;
	char why[200];

	if (response_etag_changed(etag, t->response.etag)) {
		if (os->options->verify_none) {
			snprintf(t->why, sizeof t->why,
				 "image was replaced (ETag %.40s, was %.40s)",
				 t->response.etag, etag);
			return FAULT_REPLACED;
		}
		snprintf(why, sizeof why, "file was replaced (ETag %.40s, was %.40s); every block is still verified",
			 t->response.etag, etag);
		origin_log(os, t->origin, FAULT_REPLACED, why);
	}
	if (t->response.etag[0])
		memcpy(etag, t->response.etag, sizeof o->etag);
	return FAULT_NONE;
}

const char *transfer_first_url(const struct transfer *t)
{
	const struct origin *o = &t->origins->origin[t->origin];

	return transfer_is_profile(t) ? o->profile_url : t->is_tree ? o->tree_url : o->url;
}

/* Whether a cookie or other header lines than our own are sent. */
static bool credentials_are_more(const struct credentials *c)
{
	return c->cookie || c->headers->next;
}

/* The user name and password of a proxy may also be in its URL. */
static const char *explain_proxy(const struct http_options *http)
{
	if (http->proxy_user)
		return "; the proxy refused the user name and password that were sent (proxy-user=, proxy-password=)";
	if (http->proxy && strchr(http->proxy, '@'))
		return "; the proxy refused the user name and password in proxy=";
	return "; the proxy wants a user name and password, and proxy-user= is not given";
}

/* Says what may help against a 401, or a 407 of a proxy. */
static void explain_unauthorized(struct transfer *t)
{
	const struct http_options *http = &t->origins->options->http;
	const char *scheme = t->response.auth_scheme;
	size_t length = strlen(t->why), space = sizeof t->why - length;
	char *end = t->why + length;

	if (t->response.status != 401 && t->response.status != 407)
		return;
	if (scheme[0] && strcasecmp(scheme, "Basic") != 0 && strcasecmp(scheme, "Bearer") != 0)
		snprintf(end, space, "; it wants %s authentication, and only Basic can be sent", scheme);
	else if (t->response.status == 407)
		snprintf(end, space, "%s", explain_proxy(http));
	else if (!http->user && t->credentials && credentials_are_more(t->credentials))
		snprintf(end, space, "; it refused the cookie or the header lines that were sent");
	else if (!http->user)
		snprintf(end, space, "; no user name and password were sent (user=, password=)");
	else if (!redirect_is_same_host(t->url, transfer_first_url(t)))
		snprintf(end, space, "; user name and password are not sent to another host");
	else
		snprintf(end, space, "; it refused the user name and password that were sent");
}

/* Whether a request may have failed because the server has asked for a client certificate: it
 * ends the connection, which is no code of its own before TLS 1.3; nginx answers 400, others 403.
 */
static bool lacks_client_certificate(const struct transfer *t)
{
	unsigned status = t->response.status;

	return t->origins->origin[t->origin].wants_client_certificate &&
	       (!status || status == 400 || status == 403);
}

static enum fault check_header(struct transfer *t)
{
	struct origins *os = t->origins;
	enum fault fault;
	uint64_t total;

	if (t->request && t->request->is_profile)
		return response_check_whole(&t->response, t->last, t->why, sizeof t->why);
	/* A probe does not judge what another origin has claimed. */
	total = t->request || os->claimed_by < 0 ? os->total_bytes : 0;
	if (total && os->split_bytes)
		total = t->is_tree ? total - os->split_bytes : os->split_bytes;
	fault = response_check(&t->response, t->first, t->last, total,
			       !os->options->verify_none, t->why, sizeof t->why);
	explain_unauthorized(t);
	if (fault && lacks_client_certificate(t))
		snprintf(t->why + strlen(t->why), sizeof t->why - strlen(t->why), NO_CLIENT_CERTIFICATE);
	if (!fault)
		fault = check_etag(t);
	if (fault)
		return fault;
	if (!t->response.total)
		return FAULT_NONE;
	if (t->last >= t->response.total)
		t->last = t->response.total - 1;
	/* Perhaps another server than that of a request in flight. */
	if (t->request && !t->is_tree)
		os->origin[t->origin].reported_total = t->response.total;
	return FAULT_NONE;
}

/* Returns 0, with which curl ends the transfer and its connection, if the rest is long. */
static size_t discard(struct transfer *t, size_t got)
{
	struct origins *os = t->origins;

	t->discarded += got;
	os->fetched_bytes += got;
	os->discarded_bytes += got;
	if (t->response.has_length && t->response.length > DISCARD_MAX)
		return 0;
	return t->discarded <= DISCARD_MAX ? got : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	struct origins *os = t->origins;
	size_t got = size * count;

	if (t->is_date_probe)
		return discard(t, got);
	if (!t->checked) {
		t->fault = check_header(t);
		t->checked = true;
	}
	if (t->fault)
		return discard(t, got);
	if (got > t->last - t->first + 1 - t->received) {
		snprintf(t->why, sizeof t->why, "server sent more than %s",
			 transfer_is_profile(t) ? "a profile may have" : "was asked for");
		/* An endless profile is none. */
		t->fault = transfer_is_profile(t) ? FAULT_STATUS : FAULT_BROKEN;
		return 0;
	}
	t->received += got;
	t->window_bytes += got;
	t->last_byte_ms = os->origin[t->origin].last_byte_ms = clock_ms();
	os->fetched_bytes += got;
	if (t->request)
		os->sink.bytes(os->sink.ctx, t->request, (const uint8_t *)bytes, got);
	else
		os->discarded_bytes += got;
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

unsigned transfer_retry_after_s(const struct transfer *t)
{
	return response_retry_after_s(&t->response, (int64_t)time(NULL));
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
	t->origins->origin[t->origin].wants_client_certificate = false;
	t->phase = PHASE_TCP;
	t->phase_ms = clock_ms();
	if (fd >= 0 && t->socket_count < sizeof t->sockets / sizeof t->sockets[0])
		t->sockets[t->socket_count++] = fd;
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
	bool leads = t->request ? !t->request->is_profile && !t->is_tree : t->is_silence_probe;

	(void)local_ip;
	(void)local_port;
	/* A connection is a sign of life, and the time limits of the answer begin. */
	t->phase = PHASE_ANSWER;
	t->window_start_ms = t->last_byte_ms = o->last_byte_ms = clock_ms();
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

static struct transfer *transfer_new(struct origins *os, int origin)
{
	struct origin *o = &os->origin[origin];
	struct transfer *t = calloc(1, sizeof *t);

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
	t->tls.wants_client_certificate = &o->wants_client_certificate;
	tls_hooks_attach(t->easy, &t->tls);
	return t;
}

static struct transfer *transfer_get(struct origins *os, int origin)
{
	struct origin *o = &os->origin[origin];
	struct transfer *t = o->idle;

	if (!t)
		return transfer_new(os, origin);
	o->idle = t->next;
	return t;
}

void transfer_free(struct transfer *t)
{
	curl_easy_cleanup(t->easy);
	free(t->url);
	free(t);
}

static void forget_credentials(struct transfer *t)
{
	if (t->credentials)
		credentials_put(t->credentials);
	t->credentials = NULL;
}

static void transfer_put(struct transfer *t)
{
	struct origin *o = &t->origins->origin[t->origin];

	forget_credentials(t);
	if (t->is_date_probe) {
		transfer_free(t);
		return;
	}
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

bool transfer_send_to(struct transfer *t, const char *url)
{
	struct origins *os = t->origins;
	bool passes_caches;
	char range[64];

	free(t->url);
	t->url = strdup(url);
	if (!t->url)
		return false;
	t->phase = PHASE_RESOLVE;
	t->phase_ms = t->last_byte_ms = clock_ms();
	t->socket_count = 0;
	t->connection = CONNECTION_REUSED;
	memset(&t->response, 0, sizeof t->response);
	t->received = t->window_bytes = t->discarded = t->header_bytes = 0;
	t->checked = t->timed_out = t->clock_is_behind = false;
	t->tls.ignores_dates = t->is_date_probe;
	t->tls.judges_at = server_clock_time(&os->origin[t->origin].clock, (int64_t)time(NULL), t->phase_ms);
	t->fault = FAULT_NONE;
	t->why[0] = t->curl_error[0] = '\0';
	snprintf(range, sizeof range, "%" PRIu64 "-%" PRIu64, t->first, t->last);
	curl_easy_setopt(t->easy, CURLOPT_URL, url);
	curl_easy_setopt(t->easy, CURLOPT_RANGE, transfer_is_profile(t) ? NULL : range);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->curl_error);
	forget_credentials(t);
	/* The hash tree may be on another server, which must not get what url= needs. */
	if (!t->is_date_probe && redirect_is_same_host(url, t->is_tree ? os->origin[t->origin].url : transfer_first_url(t)))
		t->credentials = credentials_get(&os->setup.credentials);
	passes_caches = (t->request && t->request->no_cache) ||
			t->phase_ms < os->origin[t->origin].past_caches_until_ms;
	curl_setup_request(t->easy, &os->setup, passes_caches, t->credentials);
	curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, os->origin[t->origin].fresh_connections ? 1L : 0L);
	/* A name whose address has failed is looked up again. */
	curl_easy_setopt(t->easy, CURLOPT_DNS_CACHE_TIMEOUT, os->health[t->origin].failures ? 0L : DNS_CACHE_S);
	os->requests++;
	return !curl_multi_add_handle(os->multi, t->easy);
}

/* Puts a transfer in flight. */
static int start_at(struct transfer *t, const char *url)
{
	struct origins *os = t->origins;
	struct origin *o = &os->origin[t->origin];

	if (!transfer_send_to(t, url)) {
		transfer_put(t);
		return -ENOMEM;
	}
	if (o->fresh_connections)
		o->fresh_connections--;
	t->next = os->active;
	os->active = t;
	os->active_count++;
	return 0;
}

int transfer_start(struct origins *os, int origin, uint64_t first,
			  uint64_t last, struct origin_request *request)
{
	struct origin *o = &os->origin[origin];
	struct transfer *t = transfer_get(os, origin);
	int err;

	if (!t)
		return -ENOMEM;
	t->request = request;
	t->is_tree = os->split_bytes && request && !request->is_profile && first >= os->split_bytes;
	t->first = t->is_tree ? first - os->split_bytes : first;
	t->last = t->is_tree ? last - os->split_bytes : last;
	t->window_start_ms = t->sent_ms = t->last_byte_ms = clock_ms();
	t->is_silence_probe = t->is_single = false;
	t->tcp_limit_ms = transfer_tcp_limit_ms(os, origin, !request);
	/* No byte was due from an idle origin. */
	if (!origin_request_count(os, origin))
		o->last_byte_ms = t->last_byte_ms;
	t->was_alone = !os->active;
	t->hops = 0;
	t->went_to_itself = false;
	/* After wrong bytes, one request finds out whether the first URL leads elsewhere now. */
	t->is_at_target = !transfer_is_profile(t) && !t->is_tree && o->target &&
			  !(request && request->no_cache && o->target_ms <= o->blamed_ms);
	err = start_at(t, t->is_at_target ? o->target : transfer_first_url(t));
	if (!err)
		origin_health_sent(&os->health[origin], t->sent_ms);
	if (!err && os->health[origin].failures) {
		os->health[origin].probing = t->is_single = true;
		o->attempts++;
	}
	return err;
}

void transfer_start_date_probe(struct origins *os, int origin, const char *url)
{
	struct transfer *t = transfer_new(os, origin);

	if (!t)
		return;
	t->is_date_probe = true;
	t->window_start_ms = t->sent_ms = clock_ms();
	t->tcp_limit_ms = transfer_tcp_limit_ms(os, origin, true);
	/* Nothing else may use this connection or its TLS session, and no cookie is sent. */
	curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(t->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(t->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(t->easy, CURLOPT_SHARE, NULL);
	os->origin[origin].fresh_connections++;
	start_at(t, url);
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

/* Whether the connection was closed or reset in the TLS handshake, in the words of OpenSSL and
 * GnuTLS: curl has no code for it.
 */
static bool is_cut_in_handshake(const struct transfer *t)
{
	return strstr(t->curl_error, "SSL_ERROR_SYSCALL") || strstr(t->curl_error, "reset by peer") ||
	       strstr(t->curl_error, "unexpected eof") || strstr(t->curl_error, "pull function") ||
	       strstr(t->curl_error, "non-properly terminated");
}

static enum fault fault_of_curl(const struct transfer *t, CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return FAULT_RESOLVE;
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
		return FAULT_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
		return is_cut_in_handshake(t) ? FAULT_BROKEN : FAULT_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CLIENTCERT:
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

/* Whether the server did not speak TLS, in the words of OpenSSL and GnuTLS. */
static bool is_not_tls(const struct transfer *t)
{
	return strstr(t->curl_error, "wrong version number") || strstr(t->curl_error, "packet length too long") ||
	       strstr(t->curl_error, "unexpected TLS packet");
}

enum fault transfer_judge(struct transfer *t, CURLcode code)
{
	if (t->fault || t->is_date_probe)
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
	t->timed_out |= code == CURLE_OPERATION_TIMEDOUT;
	t->clock_is_behind = code == CURLE_PEER_FAILED_VERIFICATION && tls_hooks_is_not_yet_valid(t->easy);
	if (code == CURLE_UNSUPPORTED_PROTOCOL)
		snprintf(t->why, sizeof t->why, "redirect to a protocol that is not allowed");
	else
		snprintf(t->why, sizeof t->why, "%.160s%s",
			 t->curl_error[0] ? t->curl_error : curl_easy_strerror(code),
			 is_not_tls(t) ? "; is it an http:// server?" :
			 t->clock_is_behind ? "; is the clock of this machine right?" :
			 lacks_client_certificate(t) ? NO_CLIENT_CERTIFICATE : "");
	/* A proxy has refused to connect to an https server. */
	if (t->response.status == 407)
		explain_unauthorized(t);
	return lacks_client_certificate(t) ? FAULT_TLS : fault_of_curl(t, code);
}
