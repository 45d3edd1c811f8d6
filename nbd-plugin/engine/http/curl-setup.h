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
struct handle_parts {
	const struct http_options *http;
	char *ca;			/* PEM, or NULL */
	size_t ca_size;
	struct curl_slist *headers;
	struct curl_slist *no_cache_headers;	/* the same and more */
	struct curl_slist *resolve;
};

/* Fills parts->headers, ->no_cache_headers and ->resolve.  Returns 0 or -ENOMEM. */
int handle_parts_init(struct handle_parts *parts, const struct http_options *http);
void handle_parts_free(struct handle_parts *parts);

/* NULL when out of memory.  url is copied. */
CURL *handle_new(const struct handle_parts *parts, const char *url);

#endif
