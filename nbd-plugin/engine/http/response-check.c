/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "engine/http/response-check.h"

#define RETRY_AFTER_MAX_S 3600

/* Part of a header line; not ended by a zero byte. */
struct text {
	const char *at;
	size_t length;
};

static struct text trim(const char *at, size_t length)
{
	while (length && isspace((unsigned char)*at)) {
		at++;
		length--;
	}
	while (length && isspace((unsigned char)at[length - 1]))
		length--;
	return (struct text){ at, length };
}

/* Removes a number from the front; false if there are no digits, or too many. */
static bool take_number(struct text *t, uint64_t *out)
{
	uint64_t value = 0;
	size_t n = 0;

	while (n < t->length && isdigit((unsigned char)t->at[n])) {
		unsigned digit = (unsigned)(t->at[n] - '0');

		if (value > ((uint64_t)INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
		n++;
	}
	if (!n)
		return false;
	t->at += n;
	t->length -= n;
	*out = value;
	return true;
}

static bool take_char(struct text *t, char c)
{
	if (!t->length || *t->at != c)
		return false;
	t->at++;
	t->length--;
	return true;
}

static bool starts_with(struct text t, const char *prefix)
{
	size_t n = strlen(prefix);

	return t.length >= n && !strncasecmp(t.at, prefix, n);
}

static bool is_word(struct text t, const char *word)
{
	return t.length == strlen(word) && starts_with(t, word);
}

/* HTTP/1.1 206 Partial Content, HTTP/2 206 */
static void status_line(struct response *response, struct text t)
{
	uint64_t status;

	memset(response, 0, sizeof *response);
	while (t.length && *t.at != ' ')
		take_char(&t, *t.at);
	t = trim(t.at, t.length);
	if (take_number(&t, &status) && status < 1000)
		response->status = (unsigned)status;
}

/* bytes 0-4095/1048576 */
static void content_range(struct response *response, struct text t)
{
	bool twice = response->has_range;

	response->has_range = true;
	if (twice || !starts_with(t, "bytes")) {
		response->bad_range = true;
		return;
	}
	t = trim(t.at + 5, t.length - 5);
	if (!take_number(&t, &response->first) || !take_char(&t, '-') ||
	    !take_number(&t, &response->last) || !take_char(&t, '/') ||
	    (!is_word(t, "*") && (!take_number(&t, &response->total) || t.length || !response->total)))
		response->bad_range = true;
}

static void content_length(struct response *response, struct text t)
{
	bool twice = response->has_length;

	response->has_length = true;
	if (twice || !take_number(&t, &response->length) || t.length)
		response->bad_length = true;
}

static void content_encoding(struct response *response, struct text t)
{
	if (is_word(t, "aws-chunked"))
		response->aws_chunked = true;
	else if (t.length && !is_word(t, "identity"))
		response->encoded = true;
}

/* Letters and digits alone; the first scheme, if there are several headers. */
static void authenticate(struct response *response, struct text t)
{
	size_t n = 0;

	while (n < t.length && n < sizeof response->auth_scheme - 1 && isalnum((unsigned char)t.at[n]))
		n++;
	if (response->auth_scheme[0])
		return;
	memcpy(response->auth_scheme, t.at, n);
	response->auth_scheme[n] = '\0';
}

static void etag(struct response *response, struct text t)
{
	/* An ETag that is too long to compare counts as none. */
	if (t.length >= sizeof response->etag)
		return;
	memcpy(response->etag, t.at, t.length);
	response->etag[t.length] = '\0';
}

/* Sun, 06 Nov 1994 08:49:37 GMT; 0 for anything else. */
static int64_t http_date(struct text t)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = { 0 };
	char text[32], month[4], zone[4];
	const char *found;

	if (t.length >= sizeof text)
		return 0;
	memcpy(text, t.at, t.length);
	text[t.length] = '\0';
	if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3[A-Z]", &tm.tm_mday, month,
		   &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone) != 7 ||
	    strlen(month) != 3 || strcmp(zone, "GMT") != 0)
		return 0;
	found = strstr(months, month);
	if (!found || (found - months) % 3 || tm.tm_year < 1970)
		return 0;
	tm.tm_mon = (int)(found - months) / 3;
	tm.tm_year -= 1900;
	return (int64_t)timegm(&tm);
}

static void retry_after(struct response *response, struct text t)
{
	struct text digits = t;
	uint64_t seconds;

	if (take_number(&digits, &seconds) && !digits.length)
		response->retry_after_s = seconds < RETRY_AFTER_MAX_S ?
			(unsigned)seconds : RETRY_AFTER_MAX_S;
	else
		response->retry_at = http_date(t);
}

unsigned response_retry_after_s(const struct response *response, int64_t now)
{
	int64_t left = response->retry_at - (response->date ? response->date : now);

	if (response->retry_after_s || !response->retry_at || left <= 0)
		return response->retry_after_s;
	return left < RETRY_AFTER_MAX_S ? (unsigned)left : RETRY_AFTER_MAX_S;
}

void response_header_line(struct response *response, const char *line, size_t length)
{
	struct text name, value;
	const char *colon;

	if (length >= 5 && !memcmp(line, "HTTP/", 5)) {
		status_line(response, (struct text){ line, length });
		return;
	}
	colon = memchr(line, ':', length);
	if (!colon)
		return;
	name = trim(line, (size_t)(colon - line));
	value = trim(colon + 1, length - (size_t)(colon - line) - 1);
	if (is_word(name, "content-range"))
		content_range(response, value);
	else if (is_word(name, "content-length"))
		content_length(response, value);
	else if (is_word(name, "content-encoding"))
		content_encoding(response, value);
	else if (is_word(name, "content-type"))
		response->multipart = starts_with(value, "multipart/");
	else if (is_word(name, "etag"))
		etag(response, value);
	else if (is_word(name, "retry-after"))
		retry_after(response, value);
	else if (is_word(name, "www-authenticate") || is_word(name, "proxy-authenticate"))
		authenticate(response, value);
	else if (is_word(name, "date"))
		response->date = http_date(value);
}

enum fault response_check(const struct response *response, uint64_t first,
			    uint64_t last, uint64_t total, bool verified,
			    char *why, size_t why_size)
{
	bool tells_total = response->total || !verified || !total;

	if (response->status == 200) {
		snprintf(why, why_size, "server ignored Range (200 instead of 206)");
		return FAULT_STATUS;
	}
	if (response->status != 206) {
		snprintf(why, why_size, "server answered %u instead of 206", response->status);
		return FAULT_STATUS;
	}
	if (response->multipart) {
		snprintf(why, why_size, "server answered with several parts, one was asked for");
		return FAULT_ENCODING;
	}
	if (response->encoded || (response->aws_chunked && !verified)) {
		snprintf(why, why_size, "server or proxy compressed the image (Content-Encoding)");
		return FAULT_ENCODING;
	}
	if (!response->has_range || response->bad_range) {
		snprintf(why, why_size, "Content-Range is %s",
			 response->has_range ? "malformed" : "missing");
		return FAULT_RANGE;
	}
	if (tells_total && !response->total) {
		snprintf(why, why_size, "Content-Range does not tell the size of the image");
		return FAULT_RANGE;
	}
	if (total && tells_total && response->total != total) {
		snprintf(why, why_size,
			 "image has %" PRIu64 " bytes there instead of %" PRIu64,
			 response->total, total);
		return FAULT_TOTAL;
	}
	if (!total && last >= response->total && response->total > first)
		last = response->total - 1;
	if (response->first != first || response->last != last ||
	    (tells_total ? response->total : total) <= last) {
		snprintf(why, why_size, "asked for bytes %" PRIu64 "-%" PRIu64
			 ", server sent %" PRIu64 "-%" PRIu64 "/%" PRIu64,
			 first, last, response->first, response->last, response->total);
		return FAULT_RANGE;
	}
	if (response->has_length && (response->bad_length ||
				  response->length != last - first + 1)) {
		snprintf(why, why_size, "Content-Length contradicts Content-Range");
		return FAULT_RANGE;
	}
	return FAULT_NONE;
}

enum fault response_check_whole(const struct response *response, uint64_t most,
				  char *why, size_t why_size)
{
	if (response->status != 200) {
		snprintf(why, why_size, "server answered %u instead of 200", response->status);
		/* A server with an error of its own, or with too many requests, may still have
		 * the file.
		 */
		return response->status >= 500 || response->status == 408 || response->status == 425 ||
		       response->status == 429 ? FAULT_BROKEN : FAULT_STATUS;
	}
	if (response->encoded) {
		snprintf(why, why_size, "server or proxy compressed it (Content-Encoding)");
		return FAULT_STATUS;
	}
	if (response->has_length && (response->bad_length || response->length > most)) {
		snprintf(why, why_size, "longer than %" PRIu64 " bytes", most);
		return FAULT_STATUS;
	}
	return FAULT_NONE;
}

bool response_etag_changed(const char *before, const char *now)
{
	return before[0] == '"' && now[0] == '"' && strcmp(before, now) != 0;
}
