/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "engine/http/url.h"

void url_without_secrets(const char *url, char *out, size_t size)
{
	const char *host = strstr(url, "://") + 3;
	const char *at = memrchr(host, '@', strcspn(host, "/?#"));
	int scheme = (int)(host - url), rest;

	if (at)
		host = at + 1;
	rest = (int)strcspn(host, "?#");
	snprintf(out, size, "%.*s%.*s%s", scheme, url, rest, host, host[rest] ? "?…" : "");
}

/* The URL with a suffix behind its path; malloc'ed, or NULL. */
static char *add_suffix(const char *url, const char *suffix)
{
	size_t path = strcspn(url, "?#");
	char *out = NULL;

	return asprintf(&out, "%.*s%s%s", (int)path, url, suffix, url + path) < 0 ? NULL : out;
}

char *url_of_profile(const struct options *options, const char *url)
{
	if (options->profile && parse_is_url(options->profile))
		return strdup(options->profile);
	return add_suffix(url, ".profile");
}

char *url_of_hash_tree(const struct options *options, const char *url)
{
	return options->hash_tree[0] == '.' ? add_suffix(url, options->hash_tree) : strdup(options->hash_tree);
}

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

/* Why libcurl can never ask for a URL; NULL: it may work. */
static const char *why_unusable(const char *url)
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

static int check_url(const char *option, const char *url, const struct log *log)
{
	const char *why = why_unusable(url);
	char shown[256];

	if (!why)
		return 0;
	url_without_secrets(url, shown, sizeof shown);
	log_say(log, LOG_WARN, "%s=%s: %s", option, shown, why);
	return -EINVAL;
}

int url_check_all(const struct options *options, const struct log *log)
{
	size_t i;
	int err = 0;

	for (i = 0; i < options->url_count && !err; i++)
		err = check_url("url", options->urls[i], log);
	if (!err && options->profile && parse_is_url(options->profile))
		err = check_url("profile", options->profile, log);
	if (!err && options->hash_tree && parse_is_url(options->hash_tree))
		err = check_url("hash-tree", options->hash_tree, log);
	return err;
}
