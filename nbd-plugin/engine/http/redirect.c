/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "engine/http/redirect.h"

bool redirect_is_status(unsigned status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool redirect_is_expired(unsigned status)
{
	return status == 401 || status == 403 || status == 404 || status == 410;
}

char *redirect_target(const char *url, const char *location)
{
	/* As libcurl reads a Location. */
	const unsigned flags = CURLU_URLENCODE | CURLU_ALLOW_SPACE | CURLU_NON_SUPPORT_SCHEME;
	CURLU *parsed = curl_url();
	char *target = NULL;

	if (!parsed || curl_url_set(parsed, CURLUPART_URL, url, 0) ||
	    curl_url_set(parsed, CURLUPART_URL, location, flags) ||
	    curl_url_get(parsed, CURLUPART_URL, &target, 0))
		target = NULL;
	curl_url_cleanup(parsed);
	return target;
}

bool redirect_leaves_tls(const char *from, const char *to)
{
	return !strncasecmp(from, "https:", 6) && strncasecmp(to, "https:", 6) != 0;
}

/* Protocol, host and port, for curl_free; false if url has no such parts. */
static bool host_of(const char *url, char *part[3])
{
	static const CURLUPart parts[3] = { CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT };
	CURLU *parsed = curl_url();
	bool ok = parsed && !curl_url_set(parsed, CURLUPART_URL, url, 0);
	size_t i;

	for (i = 0; ok && i < 3; i++)
		ok = !curl_url_get(parsed, parts[i], &part[i], CURLU_DEFAULT_PORT);
	curl_url_cleanup(parsed);
	return ok;
}

bool redirect_is_same_host(const char *a, const char *b)
{
	char *of_a[3] = { NULL }, *of_b[3] = { NULL };
	bool same = host_of(a, of_a) && host_of(b, of_b);
	size_t i;

	for (i = 0; i < 3; i++) {
		same = same && !strcasecmp(of_a[i], of_b[i]);
		curl_free(of_a[i]);
		curl_free(of_b[i]);
	}
	return same;
}
