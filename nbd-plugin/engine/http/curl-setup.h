/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Sets up curl handles as the user's options say: all that is the same for every
 * request.
 */
#ifndef FARROOT_CURL_SETUP_H
#define FARROOT_CURL_SETUP_H

#include <curl/curl.h>

#include "common/log.h"
#include "common/options.h"

/* What all handles of an image share. */
struct curl_setup {
	const struct http_options *http;
	char *ca;			/* PEM, for origins and an https proxy; NULL: none */
	size_t ca_size;
	struct curl_slist *headers;
	struct curl_slist *no_cache_headers;	/* headers, and Cache-Control: no-cache */
	struct curl_slist *resolve;
};

/* Reads the certificates, uses no network, and refuses what libcurl can never use.
 * options must outlive setup.  Returns 0; -ENOMEM; -EINVAL or -errno of a certificate
 * file, which has been logged.  curl_setup_free is needed in any case.
 */
int curl_setup_init(struct curl_setup *setup, const struct options *options,
		    const struct log *log);
void curl_setup_free(struct curl_setup *setup);

/* A handle for a URL, which is copied; the caller frees it with curl_easy_cleanup, before
 * curl_setup_free.  NULL: out of memory, or libcurl rejects the URL.
 */
CURL *curl_setup_handle(const struct curl_setup *setup, const char *url);

/* Sets the URL of the next request of an idle handle, and which redirects it may follow.
 * Returns 0 or -ENOMEM.
 */
int curl_setup_url(const struct curl_setup *setup, CURL *easy, const char *url);

/* Call when a handle has connected to a server and is about to send a request: if by
 * https, no redirect of this transfer may lead to http from now on.
 */
void curl_setup_connected(CURL *easy);

#endif
