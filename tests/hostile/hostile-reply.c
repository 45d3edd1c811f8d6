/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "hostile-reply.h"
#include "prng.h"

/* A drip takes about a second; a trickle is 50 bytes per second. */
#define DRIP_PIECES 50
#define DRIP_STEP_MS 20
#define TRICKLE_BYTES 20
#define TRICKLE_STEP_MS 400
/* 8 MB/s */
#define PIECE_BYTES 8192
#define PIECE_MS 1
/* A stall ends by itself after this time, so that no thread remains. */
#define STALL_MS 60000

struct head {
	char text[2048];
	size_t length;
};

bool hostile_send(const struct hostile_request *q, const void *bytes, size_t count)
{
	const char *at = bytes;
	ssize_t put;

	while (count) {
		put = send(q->fd, at, count, MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		at += put;
		count -= (size_t)put;
		*q->sent += (uint64_t)put;
		*q->answered += (uint64_t)put;
	}
	return true;
}

static void add(struct head *h, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct head *h, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	h->length += (size_t)vsnprintf(h->text + h->length, sizeof h->text - h->length,
				       fmt, args);
	va_end(args);
}

static bool send_head(const struct hostile_request *q, struct head *h)
{
	add(h, "\r\n");
	return hostile_send(q, h->text, h->length);
}

/* Whether the client closes the connection, or the origin ends, within this time. */
static bool client_left(const struct hostile_request *q, int ms)
{
	struct pollfd p = { .fd = q->fd, .events = POLLRDHUP };

	poll(&p, 1, ms);
	return p.revents || *q->stopping;
}

bool hostile_send_slowly(const struct hostile_request *q, const void *bytes, size_t count)
{
	const char *at = bytes;
	size_t piece;

	for (; count; count -= piece, at += piece) {
		piece = count < PIECE_BYTES ? count : PIECE_BYTES;
		if (!hostile_send(q, at, piece) || client_left(q, PIECE_MS))
			return false;
	}
	return true;
}

/* Sends nothing; a stalled connection stays stalled after healing. */
static enum hostile_after stall(const struct hostile_request *q)
{
	client_left(q, STALL_MS);
	return AFTER_CLOSE;
}

bool hostile_drip(const struct hostile_request *q, const uint8_t *bytes, size_t count,
		  size_t piece, int step_ms)
{
	while (count && !*q->healed) {
		if (piece > count)
			piece = count;
		if (!hostile_send(q, bytes, piece) || client_left(q, step_ms))
			return false;
		bytes += piece;
		count -= piece;
	}
	return hostile_send(q, bytes, count);
}

static void add_etag(const struct hostile_request *q, struct head *h)
{
	if (q->decision.kind == HOSTILE_REPLACED || q->decision.kind == HOSTILE_RESIZED)
		add(h, "ETag: \"other-%" PRIu64 "\"\r\n", q->decision.detail % 3);
	else
		add(h, "ETag: \"image\"\r\n");
}

static void add_206(const struct hostile_request *q, struct head *h)
{
	add(h, "HTTP/1.1 206 Partial Content\r\nServer: hostile\r\nAccept-Ranges: bytes\r\n");
	add_etag(q, h);
}

static void add_range(struct head *h, uint64_t first, uint64_t last, uint64_t total)
{
	add(h, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n",
	    first, last, total);
}

static void add_length(struct head *h, uint64_t length)
{
	add(h, "Content-Length: %" PRIu64 "\r\n", length);
}

static size_t body_length(const struct hostile_request *q)
{
	return (size_t)(q->last - q->first + 1);
}

/* The correct header, for any body. */
static bool send_right_head(const struct hostile_request *q, const char *more)
{
	struct head h = { .length = 0 };

	add_206(q, &h);
	add_range(&h, q->first, q->last, q->image_bytes);
	add_length(&h, body_length(q));
	add(&h, "%s", more);
	return send_head(q, &h);
}

static enum hostile_after keep_if(bool ok)
{
	return ok ? AFTER_KEEP : AFTER_CLOSE;
}

enum hostile_after hostile_reply_range(const struct hostile_request *q, const void *body)
{
	return keep_if(send_right_head(q, "") && hostile_send(q, body, body_length(q)));
}

static enum hostile_after reply_right(const struct hostile_request *q)
{
	struct head h = { .length = 0 };

	if (q->ranged)
		return hostile_reply_range(q, q->image + q->first);
	add(&h, "HTTP/1.1 200 OK\r\nETag: \"image\"\r\n");
	add_length(&h, q->image_bytes);
	return keep_if(send_head(q, &h) && hostile_send(q, q->image, q->image_bytes));
}

/* A body that is cut, damaged or slow, behind a correct header. */

static enum hostile_after reply_part(const struct hostile_request *q)
{
	size_t part = q->decision.detail % body_length(q);

	if (!send_right_head(q, "") || !hostile_send(q, q->image + q->first, part))
		return AFTER_CLOSE;
	switch (q->decision.kind) {
	case HOSTILE_STALL_BODY:
		return stall(q);
	case HOSTILE_RESET_BODY:
		return AFTER_RESET;
	default:
		return AFTER_CLOSE;
	}
}

static enum hostile_after reply_slowly(const struct hostile_request *q)
{
	bool is_drip = q->decision.kind == HOSTILE_DRIP;
	size_t piece = is_drip ? body_length(q) / DRIP_PIECES + 1 : TRICKLE_BYTES;

	return keep_if(send_right_head(q, "") &&
		       hostile_drip(q, q->image + q->first, body_length(q), piece,
				    is_drip ? DRIP_STEP_MS : TRICKLE_STEP_MS));
}

static void damage(const struct hostile_request *q, uint8_t *bytes, size_t count)
{
	struct prng r = { q->decision.detail };
	unsigned flips = 1 + (unsigned)prng_below(&r, HOSTILE_FLIPS);
	size_t i;

	switch (q->decision.kind) {
	case HOSTILE_ZEROES:
		memset(bytes, 0, count);
		break;
	case HOSTILE_REPLACED:
	case HOSTILE_RESIZED:
		for (i = 0; i < count; i++)
			bytes[i] ^= (uint8_t)(1 + q->decision.detail % 3);
		break;
	case HOSTILE_SHIFTED:
		memmove(bytes, bytes + 1, count - 1);
		bytes[count - 1] ^= 1;
		break;
	default:
		while (flips--)
			bytes[prng_below(&r, count)] ^= (uint8_t)(1U << prng_below(&r, 8));
	}
}

/* A little larger, or absurdly large. */
static uint64_t resized(const struct hostile_request *q)
{
	uint64_t detail = q->decision.detail;

	return q->image_bytes + (detail & 8 ? 4096ULL << (20 + detail % 30) : 4096 * (1 + detail % 300));
}

static enum hostile_after reply_damaged(const struct hostile_request *q)
{
	size_t count = body_length(q);
	uint64_t total = q->image_bytes;
	struct head h = { .length = 0 };
	uint8_t *bytes = malloc(count);
	bool ok;

	if (!bytes)
		return AFTER_CLOSE;
	memcpy(bytes, q->image + q->first, count);
	damage(q, bytes, count);
	if (q->decision.kind == HOSTILE_RESIZED)
		total = resized(q);
	add_206(q, &h);
	add_range(&h, q->first, q->last, total);
	add_length(&h, count);
	ok = send_head(q, &h) && hostile_send(q, bytes, count);
	free(bytes);
	return keep_if(ok);
}

static enum hostile_after reply_too_long(const struct hostile_request *q)
{
	static const uint8_t more[10000];
	struct head h = { .length = 0 };

	/* Without a length, the end of the connection is the end of the body. */
	add_206(q, &h);
	add_range(&h, q->first, q->last, q->image_bytes);
	if (q->decision.detail & 1)
		add_length(&h, body_length(q) + sizeof more);
	else
		add(&h, "Connection: close\r\n");
	if (send_head(q, &h) && hostile_send(q, q->image + q->first, body_length(q)))
		hostile_send(q, more, sizeof more);
	return AFTER_CLOSE;
}

/* A correct response to another range, of the same length if possible. */
static void shift_range(const struct hostile_request *q, uint64_t by,
			uint64_t *first, uint64_t *last)
{
	if (*first >= by) {
		*first -= by;
		*last -= by;
	} else if (*last + by < q->image_bytes) {
		*first += by;
		*last += by;
	} else {
		/* Not possible: at least the header is wrong. */
		*last += 1;
	}
}

/* A header that does not match the request. */
static enum hostile_after reply_lying(const struct hostile_request *q)
{
	uint64_t first = q->first, last = q->last, total = q->image_bytes;
	uint64_t off = 1 + q->decision.detail % 5000, length = body_length(q), body;
	struct head h = { .length = 0 };

	add_206(q, &h);
	switch (q->decision.kind) {
	case HOSTILE_WRONG_START:
		shift_range(q, off, &first, &last);
		break;
	case HOSTILE_WRONG_END:
		last = q->decision.detail & 1 ? last + off : last - 1;
		break;
	case HOSTILE_WRONG_TOTAL:
		total = q->decision.detail & 1 ? total + off : total - 1;
		break;
	case HOSTILE_WRONG_LENGTH:
		length += q->decision.detail & 1 ? off : (uint64_t)-1;
		break;
	case HOSTILE_GZIP:
		add(&h, "Content-Encoding: gzip\r\n");
		break;
	case HOSTILE_MULTIPART:
		add(&h, "Content-Type: multipart/byteranges; boundary=x\r\n");
		break;
	default:
		break;
	}
	if (q->decision.kind == HOSTILE_BAD_RANGE)
		add(&h, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%s\r\n", first, last,
		    q->decision.detail & 1 ? "*" : "99999999999999999999");
	else if (q->decision.kind != HOSTILE_NO_RANGE)
		add_range(&h, first, last, total);
	add_length(&h, length);
	body = q->decision.kind == HOSTILE_WRONG_START ? first : q->first;
	if (!send_head(q, &h) || !hostile_send(q, q->image + body, body_length(q)))
		return AFTER_CLOSE;
	return q->decision.kind == HOSTILE_WRONG_LENGTH ? AFTER_CLOSE : AFTER_KEEP;
}

/* Answers that have nothing to do with a range */

static enum hostile_after reply_200(const struct hostile_request *q)
{
	static const char page[] = "<html><body>Please log in to the WiFi.</body></html>";
	bool html = q->decision.kind == HOSTILE_HTML_200;
	struct head h = { .length = 0 };

	add(&h, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n",
	    html ? "text/html" : "application/octet-stream");
	add_length(&h, html ? sizeof page - 1 : q->image_bytes);
	if (!send_head(q, &h))
		return AFTER_CLOSE;
	return keep_if(html ? hostile_send(q, page, sizeof page - 1) :
		       hostile_send_slowly(q, q->image, q->image_bytes));
}

/* A long page, as portals and proxies have. */
static bool send_page(const struct hostile_request *q, size_t left)
{
	char piece[PIECE_BYTES];
	size_t count;

	memset(piece, ' ', sizeof piece);
	for (; left; left -= count) {
		count = left < sizeof piece ? left : sizeof piece;
		if (!hostile_send_slowly(q, piece, count))
			return false;
	}
	return true;
}

enum hostile_after hostile_reply_short(const struct hostile_request *q, unsigned status,
				       const char *more)
{
	static const char page[] = "no\n";
	struct head h = { .length = 0 };
	size_t length = q->page_bytes ? q->page_bytes : sizeof page - 1;

	*q->gave_page = q->page_bytes > 0;
	add(&h, "HTTP/1.1 %u Hostile\r\n%s", status, more);
	add_length(&h, length);
	return keep_if(send_head(q, &h) && (q->page_bytes ? send_page(q, length) :
						       hostile_send(q, page, length)));
}

enum hostile_after hostile_reply_whole(const struct hostile_request *q, const void *bytes, size_t count)
{
	struct head h = { .length = 0 };

	add(&h, "HTTP/1.1 200 OK\r\n");
	add_length(&h, count);
	return keep_if(send_head(q, &h) && hostile_send(q, bytes, count));
}

unsigned hostile_retry_after_s(const struct hostile_decision *d)
{
	/* A server that asks for more time gets it, so ask for little. */
	return (unsigned)(d->detail % 3);
}

bool hostile_retry_after_is_date(const struct hostile_decision *d)
{
	return d->detail >> 32 & 1;
}

static void add_retry_after(const struct hostile_request *q, char *more, size_t size)
{
	time_t when = time(NULL) + hostile_retry_after_s(&q->decision);
	struct tm tm;

	if (hostile_retry_after_is_date(&q->decision))
		strftime(more, size, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&when, &tm));
	else
		snprintf(more, size, "Retry-After: %u\r\n", hostile_retry_after_s(&q->decision));
}

static enum hostile_after reply_status(const struct hostile_request *q, unsigned status)
{
	char more[128] = "";

	if (status == 429 || status == 503)
		add_retry_after(q, more, sizeof more);
	if (status == 416)
		snprintf(more, sizeof more, "Content-Range: bytes */%" PRIu64 "\r\n", q->image_bytes);
	if (status == 401)
		snprintf(more, sizeof more, "WWW-Authenticate: Basic realm=\"x\"\r\n");
	return hostile_reply_short(q, status, more);
}

static enum hostile_after reply_redirect(const struct hostile_request *q)
{
	struct head h = { .length = 0 };
	/* Port 1 is closed on every normal machine. */
	const char *where = q->decision.kind == HOSTILE_REDIRECT ? "/moved" :
			    q->decision.kind == HOSTILE_REDIRECT_NOWHERE ? "http://127.0.0.1:1/image" : "/image";

	if (q->decision.kind == HOSTILE_REDIRECT && q->redirected)
		return reply_right(q);
	add(&h, "HTTP/1.1 %u Elsewhere\r\nLocation: %s\r\n", q->decision.detail & 1 ? 302 : 307, where);
	add_length(&h, q->page_bytes);
	*q->gave_page = q->page_bytes > 0;
	return keep_if(send_head(q, &h) && send_page(q, q->page_bytes));
}

static enum hostile_after reply_garbage(const struct hostile_request *q)
{
	static const char *const garbage[] = {
		"SSH-2.0-OpenSSH_9.2p1\r\n", "HTTP/1.1 \r\n\r\n", "HTTP/9.9 206 What\r\n\r\nbody",
		"HTTP/1.1 2060 Much\r\n\r\n", "\r\n\r\n\r\n", "206\r\n\r\n",
		"HTTP/1.1 206 Partial Content\r\nContent-Length: -5\r\n\r\n",
		"HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	};
	const char *text = garbage[q->decision.detail % (sizeof garbage / sizeof garbage[0])];

	hostile_send(q, text, strlen(text));
	return AFTER_CLOSE;
}

static enum hostile_after reply_huge(const struct hostile_request *q)
{
	static const char status[] = "HTTP/1.1 206 Partial Content\r\n";
	char line[4096];
	unsigned i;

	memset(line, 'x', sizeof line);
	memcpy(line, "X-Huge: ", 8);
	memcpy(line + sizeof line - 2, "\r\n", 2);
	if (!hostile_send(q, status, sizeof status - 1))
		return AFTER_CLOSE;
	for (i = 0; i < 200; i++)
		if (!hostile_send_slowly(q, line, sizeof line))
			break;
	return AFTER_CLOSE;
}

/* Unusual, but correct */

static enum hostile_after reply_chunked(const struct hostile_request *q)
{
	const uint8_t *at = q->image + q->first;
	size_t left = body_length(q), piece = 1 + q->decision.detail % 9000;
	struct head h = { .length = 0 };
	char size[32];

	add_206(q, &h);
	add_range(&h, q->first, q->last, q->image_bytes);
	add(&h, "Transfer-Encoding: chunked\r\n");
	if (!send_head(q, &h))
		return AFTER_CLOSE;
	if (left / piece > 1000)
		piece = left / 1000;
	for (; left; left -= piece, at += piece) {
		if (piece > left)
			piece = left;
		snprintf(size, sizeof size, "%zx\r\n", piece);
		if (!hostile_send(q, size, strlen(size)) || !hostile_send(q, at, piece) ||
		    !hostile_send(q, "\r\n", 2))
			return AFTER_CLOSE;
	}
	return keep_if(hostile_send(q, "0\r\n\r\n", 5));
}

static enum hostile_after reply_interim(const struct hostile_request *q)
{
	static const char interim[] = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";

	return hostile_send(q, interim, sizeof interim - 1) ? reply_right(q) : AFTER_CLOSE;
}

static enum hostile_after reply_close(const struct hostile_request *q)
{
	if (send_right_head(q, "Connection: close\r\n"))
		hostile_send(q, q->image + q->first, body_length(q));
	return AFTER_CLOSE;
}

enum hostile_after hostile_reply(const struct hostile_request *q)
{
	switch (q->decision.kind) {
	case HOSTILE_CUT:
	case HOSTILE_STALL_BODY:
	case HOSTILE_RESET_BODY:
		return reply_part(q);
	case HOSTILE_DRIP:
	case HOSTILE_TRICKLE:
		return reply_slowly(q);
	case HOSTILE_FLIP:
	case HOSTILE_ZEROES:
	case HOSTILE_SHIFTED:
	case HOSTILE_REPLACED:
	case HOSTILE_RESIZED:
		return reply_damaged(q);
	case HOSTILE_TOO_LONG:
		return reply_too_long(q);
	case HOSTILE_STALL_HEADER:
		if (q->decision.detail & 1)
			hostile_send(q, "HTTP/1.1 206 Partial Content\r\nContent-Ra", 41);
		return stall(q);
	case HOSTILE_FULL_200:
	case HOSTILE_HTML_200:
		return reply_200(q);
	case HOSTILE_WRONG_START:
	case HOSTILE_WRONG_END:
	case HOSTILE_WRONG_TOTAL:
	case HOSTILE_NO_RANGE:
	case HOSTILE_BAD_RANGE:
	case HOSTILE_WRONG_LENGTH:
	case HOSTILE_GZIP:
	case HOSTILE_MULTIPART:
		return reply_lying(q);
	case HOSTILE_GARBAGE:
		return reply_garbage(q);
	case HOSTILE_HUGE_HEADERS:
		return reply_huge(q);
	case HOSTILE_REDIRECT_LOOP:
	case HOSTILE_REDIRECT_NOWHERE:
	case HOSTILE_REDIRECT:
		return reply_redirect(q);
	case HOSTILE_401: case HOSTILE_403: case HOSTILE_404: case HOSTILE_410:
	case HOSTILE_412: case HOSTILE_416: case HOSTILE_429: case HOSTILE_500:
	case HOSTILE_502: case HOSTILE_503:
		return reply_status(q, (unsigned)atoi(hostile_kind_name(q->decision.kind)));
	case HOSTILE_RESET:
	case HOSTILE_REFUSE:	/* the caller closes the listener */
		return AFTER_RESET;
	case HOSTILE_HANG_UP:
		return AFTER_CLOSE;
	case HOSTILE_CHUNKED:
		return reply_chunked(q);
	case HOSTILE_INTERIM:
		return reply_interim(q);
	case HOSTILE_CLOSE:
		return reply_close(q);
	case HOSTILE_NONE:
	case HOSTILE_KINDS:
		break;
	}
	return reply_right(q);
}
