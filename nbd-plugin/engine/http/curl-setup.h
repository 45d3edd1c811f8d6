/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Sets up curl handles as the user's options say: all that is the same for every
 * request.
 */
#ifndef FARROOT_CURL_SETUP_H
#define FARROOT_CURL_SETUP_H

#include <curl/curl.h>

#include "common/options.h"

/* What all handles of an image share. */
struct curl_setup {
	const struct http_options *http;
	char *ca;			/* PEM; owned by curl_setup; NULL: none */
	size_t ca_size;
	struct curl_slist *headers;
	struct curl_slist *no_cache_headers;	/* headers, and Cache-Control: no-cache */
	struct curl_slist *plain_headers;	/* without header=, for other hosts */
	struct curl_slist *plain_no_cache_headers;
	struct curl_slist *resolve;
};

/* Fills all but the certificates.  http must outlive setup.  Returns 0 or -ENOMEM; then,
 * too, curl_setup_free is needed.
 */
int curl_setup_init(struct curl_setup *setup, const struct http_options *http);
void curl_setup_free(struct curl_setup *setup);

/* Sets what changes from request to request: whether caches are asked to revalidate, and
 * whether what may be secret (user=, password=, cookie=, header=) is sent.
 */
void curl_setup_request(CURL *easy, const struct curl_setup *setup, bool no_cache, bool secrets);

/* A handle for a URL, which is copied; the caller frees it with curl_easy_cleanup, before
 * curl_setup_free.  NULL: out of memory, or libcurl rejects the URL.
 */
CURL *curl_setup_handle(const struct curl_setup *setup, const char *url);

#endif
