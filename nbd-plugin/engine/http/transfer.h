/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A transfer: one range request in flight, on a curl handle of one origin.  Only
 * the files origins*.c and transfer*.c include this.
 *
 *   idle ──start──► sent ──header──► checked ──bytes──► complete
 *    ▲                │                 │                  │
 *    └────────────────┴──── fault ──────┴──────────────────┘
 *
 * No byte of a body is handed over before the header has been found to be the exact
 * answer to the request, and none beyond the length of the request.  All functions
 * belong to the fetch thread; none blocks.
 */
#ifndef FARROOT_TRANSFER_H
#define FARROOT_TRANSFER_H

#include "common/clock.h"
#include "engine/policy/fault-log.h"
#include "engine/policy/origin-health.h"
#include "engine/policy/request-limit.h"
#include "engine/http/response-check.h"
#include "engine/http/curl-setup.h"
#include "engine/http/preconnect.h"
#include "engine/http/origins.h"
#include "engine/http/server-clock.h"
#include "engine/http/tls-hooks.h"

/* The connection of a transfer: left by an earlier transfer, made for this one, or opened
 * ahead (preconnect.h).
 */
enum connection { CONNECTION_REUSED, CONNECTION_NEW, CONNECTION_AHEAD };

/* Name resolution; TCP; TLS and proxy; all that follows the request. */
enum transfer_phase { PHASE_RESOLVE, PHASE_TCP, PHASE_SETUP, PHASE_ANSWER };

struct transfer {
	struct transfer *next;
	struct origins *origins;
	struct origin_request *request;	/* NULL: a probe */
	CURL *easy;
	struct credentials *credentials;	/* in flight: those sent; NULL: none */
	char *url;		/* that is asked; malloc'ed; NULL: none */
	unsigned hops;		/* redirects that were followed */
	bool went_to_itself;	/* a redirect to the URL that answered it */
	bool is_at_target;	/* asks the origin's remembered target */
	bool is_tree;		/* asks for the file of hash-tree=; never at a target */
	int origin;
	uint64_t first, last;	/* bytes of the file that is asked for */
	uint64_t received;	/* bytes of the body */
	uint64_t discarded;	/* bytes of the body of an error */
	uint64_t header_bytes;
	uint64_t window_start_ms, window_bytes;	/* see transfer-patience.c */
	uint64_t sent_ms, last_byte_ms;	/* the latter begins as sent_ms */
	bool is_single;		/* the one request to an origin after its backoff */
	bool is_silence_probe;	/* see probe_silent */
	bool is_date_probe;	/* see server-clock.h; its handle is used once */
	bool clock_is_behind;	/* fault: the certificate is not yet valid */
	struct tls_hooks tls;
	struct response response;
	bool was_alone;		/* no other was in flight when this one was sent */
	enum connection connection;
	enum transfer_phase phase;
	uint64_t phase_ms;	/* its begin */
	uint64_t tcp_limit_ms;	/* of PHASE_TCP, for each address */
	curl_socket_t sockets[4];	/* of its attempts to connect */
	unsigned socket_count;
	bool timed_out;		/* before the answer */
	bool checked;		/* the header */
	enum fault fault;	/* found here, before curl tells the end */
	char why[256];
	char curl_error[CURL_ERROR_SIZE];	/* curl writes to it at any time */
};

/* One for each fault, one for a limit of requests, one for the clock. */
#define TOPIC_LIMIT (FAULT_LOCAL + 1)
#define TOPIC_CLOCK (TOPIC_LIMIT + 1)
#define ORIGIN_TOPICS (TOPIC_CLOCK + 1)

struct origin {
	const char *url;
	char *profile_url;
	char *tree_url;		/* of hash-tree=; or NULL */
	char *target;		/* of its redirect, malloc'ed; NULL: not known, or no redirect */
	char shown_target[256];	/* target without query and password */
	uint64_t target_ms;	/* when the request was sent that last was redirected there */
	uint64_t blamed_ms;	/* when wrong bytes of this origin were last noticed */
	uint64_t past_caches_until_ms;	/* requests have Cache-Control: no-cache until then */
	char shown[256];	/* URL without user, password and query */
	uint64_t reported_total;
	char etag[128], tree_etag[128];
	struct transfer *idle;
	uint64_t last_byte_ms;	/* the latest of its transfers */
	unsigned silence_limit_ms;	/* a probe is sent after this time without a byte; 0: default */
	unsigned fresh_connections;	/* number of requests that must not reuse one */
	unsigned attempts;		/* with health.failures > 0; see connect_timeout_ms */
	struct server_clock clock;
	bool wants_client_certificate;	/* it has asked for one since the last connection began */
	struct preconnect preconnect;
	bool is_first_connection;	/* the next one made: others are to be opened ahead */
	bool multiplexes;	/* HTTP/2: one connection is enough */
	char reached_ip[48];	/* of the first connection, for origins_open_ahead; "": none */
	int reached_port;
	struct request_limit limit;
	uint64_t answer_ms;	/* of the last good answer; 0: none */
	struct fault_topic topics[ORIGIN_TOPICS];
	bool is_failure_logged;	/* and not its end */
	bool link_failed;	/* the last fault was one of the link */
};

struct origins {
	const struct options *options;
	const struct log *log;
	struct origin_sink sink;
	struct curl_setup setup;
	CURLM *multi;
	int link_fd;
	int wake_fd;	/* not owned; -1: none */
	uint64_t total_bytes;
	uint64_t split_bytes;	/* where the file of hash-tree= begins; 0: not known, or no such file */
	int claimed_by;		/* the origin that total_bytes is a claim of; -1: none */
	size_t count;
	struct origin origin[OPTIONS_MAX_URLS];
	struct origin_health health[OPTIONS_MAX_URLS];
	struct transfer *active;
	unsigned active_count;
	int used;		/* origin of the last good answer */
	int corrupt;		/* origin of the last bytes that did not verify; -1: none */
	unsigned rtt_ms, delay_ms;
	bool rtt_is_provisional;	/* of a connection without an answer, perhaps to a redirector */
	bool has_reached;	/* a first connection was made since origins_open_ahead */
	uint64_t fetched_bytes, discarded_bytes, requests, answers[STATUS_ANSWERS];
	char last_error[512];
	uint64_t last_error_ms;
};

/* Closes the connections opened ahead: the next connection is a first one again. */
void origin_forget_connections(struct origin *o);

/* Milliseconds for one address of an origin to answer a connection request.  Many short attempts
 * find the end of an outage sooner than few long ones, because the kernel doubles the time from
 * one SYN to the next.
 */
uint64_t transfer_tcp_limit_ms(const struct origins *os, int origin, bool is_probe);

/* The fault of a transfer whose phase has lasted for too long, or whose answer is too slow, with
 * t->why; FAULT_NONE: neither.
 */
enum fault transfer_find_late(struct transfer *t, uint64_t now_ms);

/* The origin to ask now, or -1.  avoid: another one is better; -1: none. */
static inline int origins_pick(const struct origins *os, int avoid)
{
	return origin_health_pick(os->health, os->count, clock_ms(), avoid);
}

/* Logs a message of an origin, unless the topic was logged too often.  Returns whether it was
 * logged.
 */
bool origin_log(struct origins *os, int origin, unsigned topic, const char *message);

/* The origin of a transfer that has ended with a fault backs off, and the log says why. */
void origin_note_failure(const struct transfer *t, enum fault fault);

/* Requests of an origin that are in flight, without probes. */
unsigned origin_request_count(const struct origins *os, int origin);

/* Requests bytes first to last from an origin.  With request NULL it is a probe, whose
 * body is thrown away.  The transfer is then the first of origins->active.  Returns 0 or
 * -ENOMEM.
 */
int transfer_start(struct origins *os, int origin, uint64_t first, uint64_t last,
		   struct origin_request *request);

/* Asks an origin for its date, at the URL whose certificate is not yet valid: see server-clock.h.
 * The response is that of a transfer with is_date_probe.
 */
void transfer_start_date_probe(struct origins *os, int origin, const char *url);

/* Frees a transfer that is not in flight. */
void transfer_free(struct transfer *t);

/* Milliseconds, at least 1, that a transfer on a new connection needed to connect: one
 * round trip of TCP.
 */
unsigned transfer_connect_ms(const struct transfer *t);

/* Milliseconds, at least 1, from the request to the first byte of the answer. */
unsigned transfer_answer_ms(const struct transfer *t);

/* Seconds that the server wishes to be left alone; 0: none. */
unsigned transfer_retry_after_s(const struct transfer *t);

/* Whether a transfer is for a profile instead of the image. */
static inline bool transfer_is_profile(const struct transfer *t)
{
	return t->request && t->request->is_profile;
}

/* The URL of options that a transfer is for; valid as long as its origin. */
const char *transfer_first_url(const struct transfer *t);

/* Sends the request of a transfer to a URL, which is copied.  Returns false if memory is short. */
bool transfer_send_to(struct transfer *t, const char *url);

/* Follows a redirect with which a transfer has ended, or asks the first URL again because the
 * target of a redirect has expired.  Returns whether the transfer is in flight again.
 */
bool transfer_redirect(struct transfer *t);

/* Remembers the target of a redirect after a good answer. */
void transfer_remember_target(const struct transfer *t);
void origin_forget_target(struct origin *o);

/* The fault of a transfer that curl has ended with this code; FAULT_NONE if every byte
 * was received.  With a fault, t->why says it in words.
 */
enum fault transfer_judge(struct transfer *t, CURLcode code);

/* Ends a transfer in any state; its handle waits for the next request. */
void transfer_retire(struct transfer *t);

/* Ends a transfer with a fault or FAULT_NONE: notes what that shows of its origin, then tells the sink. */
void transfer_end(struct transfer *t, enum fault fault);

/* Ends those that are late.  Returns whether one has ended. */
bool transfer_end_late(struct origins *os);

/* Finds out by a new connection whether a silent origin is gone, or only the
 * connections to it are.
 */
void transfer_probe_silent(struct origins *os);

#endif
