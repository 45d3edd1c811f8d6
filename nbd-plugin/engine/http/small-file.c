/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/http/small-file.h"

/* On the slowest links a handshake of TLS takes several round trips. */
#define CONNECT_S 30L

struct buffer {
	char *bytes;
	size_t size, limit;
	bool is_too_large;
};

struct source {
	const char *bytes;
	size_t left;
};

static size_t take(char *data, size_t one, size_t n, void *ctx)
{
	struct buffer *b = ctx;

	(void)one;
	if (n > b->limit - b->size) {
		b->is_too_large = true;
		return 0;
	}
	memcpy(b->bytes + b->size, data, n);
	b->size += n;
	return n;
}

static size_t give(char *to, size_t one, size_t n, void *ctx)
{
	struct source *s = ctx;

	(void)one;
	if (n > s->left)
		n = s->left;
	memcpy(to, s->bytes, n);
	s->bytes += n;
	s->left -= n;
	return n;
}

static void set_up(CURL *easy, const struct small_file *file, struct buffer *into)
{
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_URL, file->url);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "farroot/" PACKAGE_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)file->limit_s);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, into);
	if (file->login) {
		curl_easy_setopt(easy, CURLOPT_USERPWD, file->login);
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	}
	if (file->cainfo)
		curl_easy_setopt(easy, CURLOPT_CAINFO, file->cainfo);
}

static void set_body(CURL *easy, struct source *from)
{
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(easy, CURLOPT_READDATA, from);
	curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)from->left);
}

/* 200 alone is an answer with the file; each success of PUT counts. */
static int judge(long status, bool is_put, char *why, size_t why_size)
{
	if (status == 200 || (is_put && status >= 200 && status < 300))
		return 0;
	snprintf(why, why_size, "HTTP status %ld%s", status,
		 status == 401 || status == 403 ? ": the server refuses the login, or wants one" :
		 status / 100 == 3 ? ": no redirect is followed" : "");
	return !is_put && (status == 404 || status == 410) ? -ENOENT : -EIO;
}

int small_file_transfer(const struct small_file *file, const char *body, size_t body_size, char **answer,
			size_t *answer_size, char *why, size_t why_size)
{
	struct buffer into = { .limit = file->limit_bytes };
	struct source from = { .bytes = body, .left = body_size };
	/* A caching proxy on the way must ask the server. */
	struct curl_slist *headers = curl_slist_append(NULL, "Cache-Control: no-cache");
	CURL *easy = curl_easy_init();
	CURLcode code;
	long status = 0;
	int err = -ENOMEM;

	snprintf(why, why_size, "out of memory");
	into.bytes = malloc(into.limit + 1);
	if (!easy || !headers || !into.bytes)
		goto out;
	set_up(easy, file, &into);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	if (body)
		set_body(easy, &from);
	code = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	err = -EIO;
	if (into.is_too_large) {
		err = -EFBIG;
		snprintf(why, why_size, "the answer has more than %zu bytes", into.limit);
	} else if (code) {
		snprintf(why, why_size, "%s", curl_easy_strerror(code));
	} else {
		err = judge(status, body != NULL, why, why_size);
	}
out:
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	if (err) {
		free(into.bytes);
		into.bytes = NULL;
	}
	*answer = into.bytes;
	*answer_size = into.size;
	return err;
}
