/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The origins of one image: sends range requests, and hands over the bytes of answers
 * that have been checked strictly.  Chooses the origin, backs off from one that fails,
 * and ends transfers that have stalled.
 *
 * This folder, engine/http/, is the only part that knows HTTP and calls libcurl.
 *
 * All functions belong to one thread, the fetch thread, which calls origins_poll in a
 * loop; only origins_wake may be called from any thread.  origins_poll alone blocks.
 * The sink's functions are called from within origins_poll, and must not start or
 * cancel requests.
 */
#ifndef FARROOT_ORIGINS_H
#define FARROOT_ORIGINS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/fault.h"
#include "common/log.h"
#include "common/options.h"
#include "common/status.h"

struct origins;

/* One range request.  The caller owns it; from origins_start on it must stay where it is
 * until the sink's end() or origins_cancel.
 */
struct origin_request {
	uint64_t offset;	/* bytes from the start of the image */
	uint32_t length;	/* bytes; > 0; of a profile: the most that it may have */
	bool is_profile;	/* the profile beside the image, whole, instead of the image */
	bool no_cache;		/* send Cache-Control: no-cache */
	int avoid;		/* origin that sent corrupt bytes; -1: none */
	int origin;		/* set by origins_start: the origin that was asked */
	unsigned retry_after_s;	/* set before end(): the server wishes no request before; 0: none */
};

struct origin_sink {
	/* The next count bytes of the body, whose header has been checked.  They are
	 * valid until the function returns.
	 */
	void (*bytes)(void *ctx, struct origin_request *request,
		      const uint8_t *bytes, size_t count);
	/* The request has ended, and is the caller's again.  With FAULT_NONE, every byte
	 * of it has been handed over.
	 */
	void (*end)(void *ctx, struct origin_request *request, enum fault fault);
	void *ctx;
};

/* For the status. */
struct origins_state {
	const char *url;	/* of the last good answer, without secrets */
	const char *corrupt_url;	/* of the last bytes that did not verify, without secrets; "": none */
	const char *last_error;	/* "" if none; valid until the next origins_poll */
	int64_t last_error_age_s;	/* -1 if none */
	uint64_t fetched_bytes;	/* bytes of bodies received */
	uint64_t discarded_bytes;	/* those among them of errors, redirects and probes */
	uint64_t requests;	/* sent; with probes */
	uint64_t answers[STATUS_ANSWERS];	/* by status, also of redirects and to probes */
	unsigned rtt_ms;	/* the shortest round trip of late; 0: not known */
	unsigned delay_ms;	/* mean time to an answer of late, with our queue on the link */
	bool outage;		/* every origin has failed since its last good answer */
	bool link_failed;	/* and an origin's fault was one of the link, not of the server */
};

/* Reads the certificates and sets up curl; uses no network.  options and log must
 * outlive *out.  Returns 0; -ENOMEM; -EINVAL for a URL or a setting that libcurl refuses or -errno
 * of a certificate file, which has been logged.
 */
int origins_new(const struct options *options, const struct log *log,
		const struct origin_sink *sink, struct origins **out);

/* Cancels every request and frees; NULL is allowed. */
void origins_free(struct origins *origins);

/* From now on, an answer from an image of another size is a fault (FAULT_TOTAL).
 * 0: the size is not known.
 */
void origins_set_total(struct origins *origins, uint64_t total_bytes);
/* The same of a size that this origin alone has claimed: until the next origins_set_total, no
 * other origin is asked for the image, because it may have another one, and be right.
 */
void origins_set_claim(struct origins *origins, uint64_t total_bytes, int origin);

/* With hash-tree=: the bytes of the image from data_bytes on are those of the hash tree's file, and a
 * request is for bytes of one of the two files.  0: not known, only the first file is asked.
 */
void origins_set_split(struct origins *origins, uint64_t data_bytes);

/* The size in bytes of the last answer of an origin that was checked and good; 0: none.
 * With hash-tree=, the size of the first file.
 */
uint64_t origins_reported_total(const struct origins *origins, int origin);

/* Whether the next request may be for one block only: its origin has sent too many corrupt
 * bytes, and this is a probe.
 */
bool origins_probe_corrupt(const struct origins *origins);

/* Returns how many requests at once the origin of the next request takes: at most most. */
unsigned origins_request_limit(const struct origins *origins, unsigned most);

/* Sends a request to the best origin other than request->avoid, unless there is no
 * other.  Does not block.  A request for a profile is sent only to a healthy origin, or
 * to the one that another request is asking; its end counts neither for nor against the
 * origin, and FAULT_STATUS means that there is no profile.
 *
 * Returns 0; -EAGAIN: every origin is in its backoff, try again after origins_wait_ms;
 * -EBUSY: the best origin takes no more requests at once, try again after an end();
 * -ENOMEM.
 */
int origins_start(struct origins *origins, struct origin_request *request);

/* Ends a request without the sink's end(); does nothing if it is not in flight. */
void origins_cancel(struct origins *origins, struct origin_request *request);

/* Milliseconds until origins_start may succeed; 0: now; UINT64_MAX: after an end(). */
uint64_t origins_wait_ms(const struct origins *origins);

/* Tells that an origin has sent a block that does not verify; why is for the log.  The origin
 * backs off.
 */
void origins_blame(struct origins *origins, int origin, const char *why);

/* Tells that what an origin says of the image cannot be (FAULT_TOTAL): it backs off, and must be
 * named by origins_log_refuted before anything is sent.
 */
void origins_refute(struct origins *origins, int origin);

/* Logs that.  pause_ms: no origin is asked before this time, if it is longer than the backoff. */
void origins_log_refuted(struct origins *origins, int origin, const char *why, uint64_t pause_ms);

/* Bytes of an origin have verified. */
void origins_credit(struct origins *origins, int origin, uint64_t bytes);

/* Sends and receives.  Returns after something has happened, after origins_wake, or after
 * timeout_ms milliseconds.
 */
void origins_poll(struct origins *origins, unsigned timeout_ms);

/* Makes the origins_poll that is running, or the next one, return at once.  Any thread. */
void origins_wake(struct origins *origins);

/* POLLPRI on fd, too, makes origins_poll return.  The caller owns fd, which must stay open until
 * origins_free; < 0: none.
 */
void origins_wake_on(struct origins *origins, int fd);

/* Call after each origins_poll.  If an origin was reached for the first time, or for the
 * first time after a fault, and its round trip is long: begins to connect until it has
 * count connections, so that the next requests need not wait for them.  Does not block.
 */
void origins_open_ahead(struct origins *origins, unsigned count);

/* Bytes of bodies received from all origins. */
uint64_t origins_fetched_bytes(const struct origins *origins);

/* The texts in *out belong to origins. */
void origins_state(const struct origins *origins, struct origins_state *out);

/* Names and versions of libcurl and its libraries; static. */
const char *origins_library(void);

#endif
