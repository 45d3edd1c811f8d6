/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "../slack.h"
#include "common/clock.h"
#include "hostile-server.h"

#define HASTE_MS 20
/* Requests may have been sent for this time before the answer came, by a relay that is late. */
#define IN_FLIGHT_MS 300
/* A client reads an error of this size to its end, to keep the connection. */
#define ERROR_BYTES (16U << 10)
/* A client that leaves so soon after an answer has not read it. */
#define UNREAD_MS 100

bool hostile_server_is_healed(struct hostile_server *s)
{
	const struct hostile_options *options = &s->options;

	if ((options->heal_after_ms && clock_ms() - s->began_ms >= options->heal_after_ms) ||
	    (options->heal_requests && s->ordinal >= options->heal_requests))
		s->healed = true;
	return s->healed;
}

static void parse_range(struct hostile_request *q)
{
	const char *line = strcasestr(q->text, "\r\nRange: bytes=");

	q->ranged = line && sscanf(line + 15, "%" SCNu64 "-%" SCNu64, &q->first, &q->last) == 2 &&
		    q->first <= q->last;
}

/* A client of a proxy names the server, too. */
static void parse_path(struct hostile_request *q)
{
	const char *at = q->text + strcspn(q->text, " \r");
	size_t length;

	at += *at == ' ';
	if (!strncasecmp(at, "http://", 7))
		at += 7 + strcspn(at + 7, "/ \r");
	length = strcspn(at, " \r");
	if (length >= sizeof q->path)
		length = sizeof q->path - 1;
	memcpy(q->path, at, length);
	q->path[length] = '\0';
	q->redirected = !strncmp(q->path, "/moved", 6);
	q->is_profile = length > 8 && !strcmp(q->path + length - 8, ".profile");
}

static void log_request(const struct hostile_server *s, const struct hostile_request *q, uint64_t n)
{
	if (s->options.log)
		fprintf(s->options.log, "origin :%u #%" PRIu64 " %s bytes %" PRIu64 "-%" PRIu64 " %s %s\n",
			s->port, n, q->path, q->first, q->last, hostile_kind_name(q->decision.kind),
			s->healed ? "(healed)" : "");
}

static void decide(struct hostile_server *s, struct hostile_request *q, uint64_t ordinal)
{
	const struct hostile_options *o = &s->options;

	if (!hostile_server_is_healed(s))
		q->decision = hostile_decide(o->seed, ordinal, o->kinds, o->percent);
	/* The second request of a correct redirect is not counted. */
	if (q->redirected || (!q->ranged && !(HOSTILE_BIT(q->decision.kind) & HOSTILE_ANY_REQUEST)))
		q->decision.kind = HOSTILE_NONE;
	if (q->ranged && q->first >= q->image_bytes) {
		q->first = q->last = 0;
		q->decision.kind = HOSTILE_416;
	}
	if (q->ranged && q->last >= q->image_bytes)
		q->last = q->image_bytes - 1;
}

/* As time() counts, which may still be in the second before that of clock_gettime(). */
static uint64_t ms_of_this_second(void)
{
	time_t unix_s = time(NULL);
	struct timespec now;
	uint64_t ms;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = (uint64_t)(now.tv_sec - unix_s) * 1000 + (uint64_t)now.tv_nsec / 1000000;
	return ms < 1000 ? ms : 1000;
}

/* A client that was asked to wait sends nothing in this time, except for what was in flight. */
static void count_haste(struct hostile_server *s, const struct hostile_request *q)
{
	uint64_t now_ms = clock_ms();

	if (!q->ranged || now_ms + HASTE_MS >= s->quiet_until_ms)
		return;
	if (now_ms < s->asked_ms + slack(IN_FLIGHT_MS))
		s->in_flight++;
	else
		s->hasty++;
}

/* Before an answer.  Returns the time if it asks a client to wait, or 0. */
static uint64_t note_retry_after(struct hostile_server *s, const struct hostile_request *q)
{
	enum hostile_kind kind = q->decision.kind;
	uint64_t wait_ms = 1000 * hostile_retry_after_s(&q->decision), now_ms = clock_ms();

	if (!q->ranged || (kind != HOSTILE_429 && kind != HOSTILE_503) || !wait_ms)
		return 0;
	if (hostile_retry_after_is_date(&q->decision))
		wait_ms -= ms_of_this_second();
	s->quiet_until_ms = now_ms + wait_ms;
	s->asked_ms = now_ms;
	s->asked++;
	return now_ms;
}

void hostile_server_unread(struct hostile_server *s, uint64_t asked_ms)
{
	if (!asked_ms || clock_ms() - asked_ms > slack(UNREAD_MS))
		return;
	if (s->asked_ms == asked_ms)
		s->quiet_until_ms = 0;
}

/* After an answer of several blocks, those that may be wrong between right ones, at most, and the
 * rest of an answer that was cut: each may need a request of its own.
 */
static uint64_t torn_blocks(const struct hostile_request *q)
{
	enum hostile_kind kind = q->decision.kind;
	uint64_t blocks = (q->last - q->first + 1) / 4096;

	if (kind == HOSTILE_CUT)
		return blocks > 1;
	if (kind != HOSTILE_FLIP && kind != HOSTILE_ZEROES && kind != HOSTILE_REPLACED)
		return 0;
	return blocks / 2 < HOSTILE_FLIPS ? blocks / 2 : HOSTILE_FLIPS;
}

/* A body that a client does not want, and that is on its way when the client leaves. */
static bool gave_long_page(const struct hostile_request *q)
{
	return *q->gave_page && q->page_bytes > ERROR_BYTES;
}

/* Whether a client has to end the connection, or finds it ended. */
static bool spoils(const struct hostile_request *q, const struct hostile_outcome *o)
{
	enum hostile_kind kind = o->decision.kind;
	bool is_right = hostile_kind_is_right(kind);
	/* Only the bytes are wrong. */
	bool has_form = kind == HOSTILE_FLIP || kind == HOSTILE_ZEROES || kind == HOSTILE_SHIFTED;
	bool may_be_long = q->is_profile || (!is_right && !has_form);

	/* A client sees its length, and leaves at once. */
	if (gave_long_page(q))
		return true;
	return (o->after != AFTER_KEEP && (!is_right || kind == HOSTILE_CLOSE)) || kind == HOSTILE_TRICKLE ||
	       (may_be_long && *q->answered > ERROR_BYTES);
}

struct hostile_outcome hostile_server_answer(struct hostile_server *s, int fd, const char *text)
{
	uint64_t ordinal = s->ordinal++, answered = 0;
	struct hostile_outcome o = { .after = AFTER_CLOSE };
	bool gave_page = false;
	struct hostile_request q = {
		.fd = fd, .text = text, .image = s->options.image,
		.image_bytes = s->options.image_bytes,
		.page_bytes = s->options.nature.page_bytes, .sent = &s->sent, .answered = &answered,
		.gave_page = &gave_page,
		.healed = &s->healed, .stopping = &s->stopping,
	};

	parse_range(&q);
	parse_path(&q);
	decide(s, &q, ordinal);
	log_request(s, &q, ordinal);
	count_haste(s, &q);
	s->hops += (HOSTILE_BIT(q.decision.kind) & HOSTILE_REDIRECTS) != 0;
	if (!actor_limit_begin(&s->actors, &q, &o.after)) {
		o.asked_ms = note_retry_after(s, &q);
		if (q.decision.kind != HOSTILE_NONE || !actors_answer(&s->actors, &q, &o.after))
			o.after = hostile_reply(&q);
		actor_limit_end(&s->actors);
		s->torn += torn_blocks(&q);
		s->long_pages += gave_long_page(&q);
	}
	o.decision = q.decision;
	o.is_spoilt = spoils(&q, &o);
	return o;
}
