/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/http/ca-bundle.h"
#include "engine/http/curl-setup.h"
#include "engine/http/setup-trial.h"

#define BUFFER_BYTES (64L << 10)
/* A NAT on the path may have forgotten a connection that was idle for longer. */
#define IDLE_MAX_S 30L
/* CURL_HTTP_VERSION_3ONLY, which the headers of libcurl have since 7.88. */
#define HTTP_VERSION_3_ONLY 31L

static int append(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);

	if (!longer)
		return -ENOMEM;
	*list = longer;
	return 0;
}

static int make_lists(struct curl_setup *setup, const struct http_options *http)
{
	size_t i;
	int err = 0;

	err |= append(&setup->plain_headers, "Accept-Encoding: identity");
	err |= append(&setup->plain_no_cache_headers, "Accept-Encoding: identity");
	err |= append(&setup->plain_no_cache_headers, "Cache-Control: no-cache");
	for (i = 0; i < http->resolve.count; i++)
		err |= append(&setup->resolve, http->resolve.items[i]);
	return err ? -ENOMEM : 0;
}

static bool has_https_proxy(const struct http_options *http)
{
	return http->proxy && parse_is_https(http->proxy);
}

/* Whether libcurl may have to verify a certificate.  An http origin may redirect to https,
 * and the proxy may come from the environment.
 */
static bool may_verify(const struct http_options *http)
{
	bool only_http = http->protocols && !strcmp(http->protocols, "http");

	return http->sslverify && (!only_http || has_https_proxy(http));
}

/* Whether libcurl is certain to need the certificates. */
static bool needs_ca(const struct options *options)
{
	size_t i;

	for (i = 0; i < options->url_count; i++)
		if (parse_is_https(options->urls[i]))
			return true;
	return options->http.cainfo || options->http.capath || has_https_proxy(&options->http) ||
	       (options->profile && parse_is_https(options->profile));
}

static int read_ca(struct curl_setup *setup, const struct options *options,
		   const struct log *log)
{
	bool is_needed = needs_ca(options);
	int err;

	if (!may_verify(&options->http))
		return 0;
	err = ca_bundle_read(options->http.cainfo, options->http.capath, log,
			     is_needed ? LOG_WARN : LOG_DETAIL, &setup->ca, &setup->ca_size);
	return is_needed ? err : 0;
}

int curl_setup_init(struct curl_setup *setup, const struct options *options,
		    const struct log *log)
{
	int err;

	setup->http = &options->http;
	err = make_lists(setup, setup->http);
	if (!err)
		err = credential_store_init(&setup->credentials, setup->http, log);
	if (!err)
		err = read_ca(setup, options, log);
	return err ? err : setup_trial(setup, log);
}

void curl_setup_free(struct curl_setup *setup)
{
	credential_store_free(&setup->credentials);
	curl_slist_free_all(setup->plain_headers);
	curl_slist_free_all(setup->plain_no_cache_headers);
	curl_slist_free_all(setup->resolve);
	free(setup->ca);
}

static long http_version(const char *name)
{
	static const struct {
		const char *name;
		long value;
	} versions[] = {
		{ "none", CURL_HTTP_VERSION_NONE },
		{ "1.0", CURL_HTTP_VERSION_1_0 },
		{ "1.1", CURL_HTTP_VERSION_1_1 },
		{ "2", CURL_HTTP_VERSION_2_0 },
		{ "2.0", CURL_HTTP_VERSION_2_0 },
		{ "2-prior-knowledge", CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE },
		{ "3", CURL_HTTP_VERSION_3 },
		{ "3only", HTTP_VERSION_3_ONLY },
	};
	size_t i;

	for (i = 0; name && i < sizeof versions / sizeof versions[0]; i++)
		if (!strcmp(name, versions[i].name))
			return versions[i].value;
	return CURL_HTTP_VERSION_2TLS;
}

static long ip_resolve(const char *name)
{
	if (name && !strcmp(name, "v4"))
		return CURL_IPRESOLVE_V4;
	if (name && !strcmp(name, "v6"))
		return CURL_IPRESOLVE_V6;
	return CURL_IPRESOLVE_WHATEVER;
}

static long ssl_version(const char *name)
{
	if (name && !strcmp(name, "tlsv1.3"))
		return CURL_SSLVERSION_TLSv1_3;
	return CURL_SSLVERSION_TLSv1_2;
}

static void set_text(CURL *easy, CURLoption option, const char *text)
{
	if (text)
		curl_easy_setopt(easy, option, text);
}

static bool is_address(const char *text)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST }, *found;

	if (getaddrinfo(text, NULL, &hints, &found))
		return false;
	freeaddrinfo(found);
	return true;
}

/* Without "if!", libcurl takes the name of an absent interface for a host name, and the fetch
 * thread would wait for its look-up.
 */
static void set_interface(CURL *easy, const char *name)
{
	char text[sizeof "if!" + IF_NAMESIZE];

	if (name && !strchr(name, '!') && !is_address(name)) {
		snprintf(text, sizeof text, "if!%s", name);
		name = text;
	}
	set_text(easy, CURLOPT_INTERFACE, name);
}

/* An https proxy is verified as an origin is. */
static void set_proxy_tls(CURL *easy, const struct curl_setup *setup)
{
	const struct http_options *http = setup->http;
	struct curl_blob ca = { setup->ca, setup->ca_size, CURL_BLOB_NOCOPY };

	curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, (long)http->sslverify);
	curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, http->sslverify ? 2L : 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, ssl_version(http->ssl_version));
	set_text(easy, CURLOPT_PROXY_SSL_CIPHER_LIST, http->ssl_cipher_list);
	set_text(easy, CURLOPT_PROXY_TLS13_CIPHERS, http->tls13_ciphers);
	curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
	if (setup->ca)
		curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO_BLOB, &ca);
}

static void set_tls(CURL *easy, const struct curl_setup *setup)
{
	const struct http_options *http = setup->http;
	struct curl_blob ca = { setup->ca, setup->ca_size, CURL_BLOB_NOCOPY };

	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, (long)http->sslverify);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, http->sslverify ? 2L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, ssl_version(http->ssl_version));
	set_text(easy, CURLOPT_SSL_CIPHER_LIST, http->ssl_cipher_list);
	set_text(easy, CURLOPT_TLS13_CIPHERS, http->tls13_ciphers);
	/* Certificates come from memory: the files may be gone by the next connection. */
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (setup->ca)
		curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
}

void curl_setup_request(CURL *easy, const struct curl_setup *setup, bool no_cache,
			const struct credentials *c)
{
	if (c)
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, no_cache ? c->no_cache_headers : c->headers);
	else
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER,
				 no_cache ? setup->plain_no_cache_headers : setup->plain_headers);
	curl_easy_setopt(easy, CURLOPT_COOKIE, c ? c->cookie : NULL);
	curl_easy_setopt(easy, CURLOPT_USERNAME, c ? setup->http->user : NULL);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, c ? c->password : NULL);
}

static const char *allowed_protocols(const struct curl_setup *setup)
{
	return setup->http->protocols ? setup->http->protocols : "http,https";
}

CURL *curl_setup_handle(const struct curl_setup *setup, const char *url)
{
	const struct http_options *http = setup->http;
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	if (curl_easy_setopt(easy, CURLOPT_URL, url)) {
		curl_easy_cleanup(easy);
		return NULL;
	}
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, allowed_protocols(setup));
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, http_version(http->http_version));
	curl_easy_setopt(easy, CURLOPT_IPRESOLVE, ip_resolve(http->ip_resolve));
	/* transfer.c limits each phase; curl gives half of this to each address of a host. */
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 2L * (long)http->connect_timeout_ms);
	/* A look-up that a name server does not answer must not block the fetch thread. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, (long)http->tcp_nodelay);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, (long)http->tcp_keepalive);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 15L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT,
			 http->user_agent ? http->user_agent : "farroot/" PACKAGE_VERSION);
	set_interface(easy, http->interface);
	set_text(easy, CURLOPT_PROXY, http->proxy);
	set_text(easy, CURLOPT_PROXYUSERNAME, http->proxy_user);
	set_text(easy, CURLOPT_PROXYPASSWORD, http->proxy_password);
	set_text(easy, CURLOPT_UNIX_SOCKET_PATH, http->unix_socket_path);
	if (setup->credentials.share) {
		curl_easy_setopt(easy, CURLOPT_SHARE, setup->credentials.share);
		/* No file, but without this no cookie is sent. */
		curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");
	}
	if (setup->resolve)
		curl_easy_setopt(easy, CURLOPT_RESOLVE, setup->resolve);
	set_tls(easy, setup);
	set_proxy_tls(easy, setup);
	return easy;
}
