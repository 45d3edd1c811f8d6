/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * One range request under way: a curl handle bound to one origin; for origin*.c
 * alone.
 *
 *   idle ──start──► sent ──header──► checked ──bytes──► complete
 *    ▲                │                 │                  │
 *    └────────────────┴──── fault ──────┴──────────────────┘
 *
 * No byte of a body is handed on before the header has been found to be exactly
 * the answer that was asked for, and none beyond the length asked for.
 */
#ifndef FARROOT_TRANSFER_H
#define FARROOT_TRANSFER_H

#include "engine/policy/origin-health.h"
#include "engine/http/response-check.h"
#include "engine/http/curl-setup.h"
#include "engine/http/preconnect.h"
#include "engine/http/origins.h"

/* What a transfer goes over: one that an earlier one has left, one that was made for
 * it, or one that had been opened ahead.
 */
enum connection { CONNECTION_REUSED, CONNECTION_NEW, CONNECTION_AHEAD };

struct transfer {
	struct transfer *next;
	struct origins *origins;
	struct origin_request *request;	/* NULL: a probe */
	CURL *easy;
	int origin;
	uint64_t first, last;
	uint64_t received;
	uint64_t window_start_ms, window_bytes;
	uint64_t sent_ms, heard_ms;	/* heard: the last byte, or sent */
	bool is_single;		/* the one request that a resting origin gets */
	bool asks_if_alive;	/* a probe because of silence */
	struct response response;
	bool was_alone;		/* when it was sent */
	enum connection connection;
	bool checked;
	enum fault fault;	/* found by us, before curl's own verdict */
	char why[256];
	char curl_error[CURL_ERROR_SIZE];	/* curl writes it when it likes */
};

struct origin {
	const char *url;
	char *profile_url;
	char shown[256];	/* url without user, password and query */
	uint64_t told_total;
	char etag[128];
	struct transfer *idle;
	uint64_t heard_ms;	/* the same, of all its transfers */
	unsigned silence_ms;	/* so long without a byte is worth a probe */
	unsigned fresh;		/* so many requests must not reuse a connection */
	unsigned tries;		/* since it first failed; see connect_timeout_ms */
	struct preconnect preconnect;
	bool connects_anew;	/* the next connection is the first of many */
	bool multiplexes;	/* HTTP/2: one connection is enough */
	char reached_ip[48];	/* by the first of many; "": not yet, or told */
	int reached_port;
	unsigned most;		/* requests at once that it takes; 0: not known */
	unsigned since_most;	/* good answers since that was found out, or raised */
	char logged[256];
	uint64_t logged_ms;
};

struct origins {
	const struct options *options;
	const struct log *log;
	struct origin_sink sink;
	struct curl_setup setup;
	CURLM *multi;
	int link_fd;
	uint64_t total_bytes;
	size_t count;
	struct origin origin[OPTIONS_MAX_URLS];
	struct origin_health health[OPTIONS_MAX_URLS];
	struct transfer *busy;
	unsigned busy_count;
	int used;		/* origin of the last good answer */
	unsigned rtt_ms, delay_ms;
	bool rtt_is_hearsay;	/* of a connection, perhaps to a redirector, without an answer yet */
	bool has_reached;	/* some origin, by the first of many connections */
	uint64_t fetched_bytes, requests;
	char last_error[512];
};

/* No connection that there is now is to be trusted: the next is the first of many. */
void origin_connect_anew(struct origin *o);

/* Answers that it owes us. */
unsigned origin_owes(const struct origins *os, int origin);

/* Sends first-last to an origin; request is NULL for a probe, whose body nobody
 * wants.  Returns 0 or -ENOMEM.
 */
int transfer_start(struct origins *os, int origin, uint64_t first, uint64_t last,
		   struct origin_request *request);

/* Of a transfer that had to connect: milliseconds that it took, 1 at least; for TCP
 * a round trip.  Of one whose answer has begun: from the request to there.
 */
unsigned transfer_connect_ms(const struct transfer *t);
unsigned transfer_answer_ms(const struct transfer *t);

/* What became of a transfer that curl says has ended; t->why says it in words. */
enum fault transfer_judge(struct transfer *t, CURLcode code);

/* Takes it off the network and keeps the handle for the next request. */
void transfer_retire(struct transfer *t);

#endif
