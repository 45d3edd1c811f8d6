/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A curl handle set up as the user asked: what does not change from request to
 * request.  Part of origin.c, kept apart because it is a long list.
 */
#ifndef FARROOT_CURL_SETUP_H
#define FARROOT_CURL_SETUP_H

#include <curl/curl.h>

#include "common/options.h"

/* What all handles of an image share. */
struct curl_setup {
	const struct http_options *http;
	char *ca;			/* PEM, or NULL */
	size_t ca_size;
	struct curl_slist *headers;
	struct curl_slist *no_cache_headers;	/* the same and more */
	struct curl_slist *resolve;
};

/* Fills parts->headers, ->no_cache_headers and ->resolve.  Returns 0 or -ENOMEM. */
int curl_setup_init(struct curl_setup *setup, const struct http_options *http);
void curl_setup_free(struct curl_setup *setup);

/* NULL when out of memory.  url is copied. */
CURL *curl_setup_handle(const struct curl_setup *setup, const char *url);

#endif
