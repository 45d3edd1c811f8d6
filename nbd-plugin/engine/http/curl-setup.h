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
#include "engine/http/credentials.h"

/* What all handles of an image share. */
struct curl_setup {
	const struct http_options *http;
	char *ca;			/* PEM, for origins and an https proxy; NULL: none */
	size_t ca_size;
	struct credential_store credentials;
	struct curl_slist *plain_headers;	/* without header=, for other hosts */
	struct curl_slist *plain_no_cache_headers;
	struct curl_slist *resolve;
};

/* Reads the certificates, uses no network, and refuses what libcurl can never use.
 * options must outlive setup.  Returns 0; -ENOMEM; -EINVAL or -errno of a certificate
 * file, which has been logged.  curl_setup_free is needed in any case.
 */
int curl_setup_init(struct curl_setup *setup, const struct options *options,
		    const struct log *log);
void curl_setup_free(struct curl_setup *setup);

/* Sets what changes from request to request: whether caches are asked to revalidate, and
 * what may be secret (user=, password=, cookie=, header=); NULL: none of it is sent.
 * credentials are needed until the handle was removed from its multi handle.
 */
void curl_setup_request(CURL *easy, const struct curl_setup *setup, bool no_cache,
			const struct credentials *credentials);

/* A handle for a URL, which is copied; the caller frees it with curl_easy_cleanup, before
 * curl_setup_free.  NULL: out of memory, or libcurl rejects the URL.
 */
CURL *curl_setup_handle(const struct curl_setup *setup, const char *url);

#endif
