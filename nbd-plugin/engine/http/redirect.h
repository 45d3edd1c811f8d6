/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Redirects of an origin.  libcurl does not follow them, so that the target can be remembered
 * and secrets stay with the host that they are for.
 *
 *   first URL ──3xx──► target, remembered after a good answer ──401, 403, 404, 410──► first URL
 *                                                             ──any other fault────► forgotten
 *
 * One thread; nothing blocks.
 */
#ifndef FARROOT_REDIRECT_H
#define FARROOT_REDIRECT_H

#include <stdbool.h>

/* The most redirects of one request. */
#define REDIRECTS_MAX 5
#define REDIRECTS_MAX_TEXT "5"

bool redirect_is_status(unsigned status);

/* Whether a target that answers with this status has expired, so that the first URL is asked. */
bool redirect_is_expired(unsigned status);

/* Returns the URL that a Location of an answer from url leads to, for curl_free; NULL: it is no
 * URL, or memory is short.
 */
char *redirect_target(const char *url, const char *location);

/* Whether a redirect leads from https to another protocol. */
bool redirect_leaves_tls(const char *from, const char *to);

/* Whether two URLs have the same protocol, host and port, so that secrets for one may be sent
 * to the other.  False for a URL that libcurl cannot parse.
 */
bool redirect_is_same_host(const char *a, const char *b);

#endif
