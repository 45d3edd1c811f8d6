/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "engine/http/url-check.h"

static bool has_port_0(CURLU *parsed)
{
	char *port = NULL;
	bool is_0;

	if (curl_url_get(parsed, CURLUPART_PORT, &port, 0))
		return false;
	is_0 = !strcmp(port, "0");
	curl_free(port);
	return is_0;
}

const char *url_why_unusable(const char *url)
{
	CURLU *parsed = curl_url();
	const char *why = NULL;
	CURLUcode code;

	/* Then other functions find that memory is short. */
	if (!parsed)
		return NULL;
	if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		why = "must begin with http:// or https://";
	/* As libcurl reads CURLOPT_URL. */
	code = why ? CURLUE_OK : curl_url_set(parsed, CURLUPART_URL, url, 0);
	if (code)
		why = curl_url_strerror(code);
	else if (!why && has_port_0(parsed))
		why = "no server has port 0";
	curl_url_cleanup(parsed);
	return why;
}
