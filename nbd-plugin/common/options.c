/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "common/options.h"

#define CACHE_MIN_BYTES (4ULL << 20)
#define RATE_MIN 1024

enum kind { STRING, LIST, BOOL, SECONDS };

/* Keys whose value is only stored. */
static const struct simple_key {
	const char *name;
	enum kind kind;
	size_t offset;
} simple_keys[] = {
	{ "cainfo", STRING, offsetof(struct options, http.cainfo) },
	{ "capath", STRING, offsetof(struct options, http.capath) },
	{ "cookie", STRING, offsetof(struct options, http.cookie) },
	{ "cookie-file", STRING, offsetof(struct options, http.cookie_file) },
	{ "cookiefile", STRING, offsetof(struct options, http.cookiefile) },
	{ "decompress", BOOL, offsetof(struct options, decompress) },
	{ "earlier", STRING, offsetof(struct options, earlier_path) },
	{ "followlocation", BOOL, offsetof(struct options, http.followlocation) },
	{ "hash-tree", STRING, offsetof(struct options, hash_tree) },
	{ "header", LIST, offsetof(struct options, http.headers) },
	{ "header-file", STRING, offsetof(struct options, http.header_file) },
	{ "http-version", STRING, offsetof(struct options, http.http_version) },
	{ "interface", STRING, offsetof(struct options, http.interface) },
	{ "ipresolve", STRING, offsetof(struct options, http.ip_resolve) },
	{ "log", STRING, offsetof(struct options, log_path) },
	{ "mlock", BOOL, offsetof(struct options, mlock) },
	{ "password", STRING, offsetof(struct options, http.password) },
	{ "password-file", STRING, offsetof(struct options, http.password_file) },
	{ "profile", STRING, offsetof(struct options, profile) },
	{ "protocols", STRING, offsetof(struct options, http.protocols) },
	{ "proxy", STRING, offsetof(struct options, http.proxy) },
	{ "proxy-password", STRING, offsetof(struct options, http.proxy_password) },
	{ "proxy-user", STRING, offsetof(struct options, http.proxy_user) },
	{ "resolve", LIST, offsetof(struct options, http.resolve) },
	{ "ssl-cipher-list", STRING, offsetof(struct options, http.ssl_cipher_list) },
	{ "ssl-version", STRING, offsetof(struct options, http.ssl_version) },
	{ "sslverify", BOOL, offsetof(struct options, http.sslverify) },
	{ "status", STRING, offsetof(struct options, status_path) },
	{ "store", STRING, offsetof(struct options, store_path) },
	{ "tcp-keepalive", BOOL, offsetof(struct options, http.tcp_keepalive) },
	{ "tcp-nodelay", BOOL, offsetof(struct options, http.tcp_nodelay) },
	{ "tls13-ciphers", STRING, offsetof(struct options, http.tls13_ciphers) },
	{ "connect-timeout", SECONDS, offsetof(struct options, http.connect_timeout_ms) },
	{ "retry-max", SECONDS, offsetof(struct options, http.retry_max_ms) },
	{ "stall", SECONDS, offsetof(struct options, http.stall_ms) },
	{ "unix-socket-path", STRING, offsetof(struct options, http.unix_socket_path) },
	{ "user", STRING, offsetof(struct options, http.user) },
	{ "user-agent", STRING, offsetof(struct options, http.user_agent) },
};

static int refuse(char *why, size_t why_size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(char *why, size_t why_size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, why_size, fmt, args);
	va_end(args);
	return -EINVAL;
}

void options_init(struct options *o)
{
	memset(o, 0, sizeof *o);
	o->outage_ms = -1;
	o->http.sslverify = true;
	o->decompress = true;
	o->http.followlocation = true;
	o->http.tcp_keepalive = true;
	o->http.tcp_nodelay = true;
	o->http.connections = 64;
	o->http.connect_timeout_ms = 10000;
	o->http.stall_ms = 20000;
	o->http.retry_max_ms = 10000;
}

static void free_list(struct string_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->items[i]);
	list->count = 0;
}

void options_free(struct options *o)
{
	const struct simple_key *k;
	size_t i;

	for (i = 0; i < o->url_count; i++)
		free(o->urls[i]);
	o->url_count = 0;
	for (i = 0; i < sizeof simple_keys / sizeof simple_keys[0]; i++) {
		k = &simple_keys[i];
		if (k->kind == LIST)
			free_list((void *)((char *)o + k->offset));
		else if (k->kind == STRING)
			free(*(char **)((char *)o + k->offset));
	}
	memset(o, 0, sizeof *o);
}

bool options_has_control_characters(const char *text)
{
	while (*text && !iscntrl((unsigned char)*text))
		text++;
	return *text;
}

static int set_url(struct options *o, const char *url, char *why, size_t why_size)
{
	const char *rest;

	if (parse_is_https(url))
		rest = url + 8;
	else if (!strncasecmp(url, "http://", 7))
		rest = url + 7;
	else
		return refuse(why, why_size,
			      "url=%s: must begin with http:// or https://", url);
	if (!*rest || *rest == '/' || strchr(url, ' '))
		return refuse(why, why_size, "url=%s: not a URL", url);
	if (o->url_count == OPTIONS_MAX_URLS)
		return refuse(why, why_size, "url=: give at most %d origins",
			      OPTIONS_MAX_URLS);
	o->urls[o->url_count] = strdup(url);
	return o->urls[o->url_count++] ? 0 : -ENOMEM;
}

static int set_simple(struct options *o, const struct simple_key *k,
		      const char *value, char *why, size_t why_size)
{
	void *field = (char *)o + k->offset;
	struct string_list *list = field;
	char **string = field;
	uint64_t ms;

	switch (k->kind) {
	case STRING:
		if (!*value)
			return refuse(why, why_size, "%s=: must not be empty", k->name);
		free(*string);
		*string = strdup(value);
		return *string ? 0 : -ENOMEM;
	case LIST:
		if (list->count == OPTIONS_MAX_LIST)
			return refuse(why, why_size, "%s=: give it at most %d times",
				      k->name, OPTIONS_MAX_LIST);
		list->items[list->count] = strdup(value);
		return list->items[list->count++] ? 0 : -ENOMEM;
	case BOOL:
		if (parse_bool(value, field))
			return refuse(why, why_size, "%s=%s: must be yes or no",
				      k->name, value);
		return 0;
	case SECONDS:
		if (parse_seconds(value, &ms) || ms < 1 || ms > 3600 * 1000)
			return refuse(why, why_size,
				      "%s=%s: must be seconds, 0.001 to 3600",
				      k->name, value);
		*(unsigned *)field = (unsigned)ms;
		return 0;
	}
	return -EINVAL;
}

/* A refused value changes nothing. */

static int set_roothash(struct options *o, const char *value, char *why, size_t why_size)
{
	uint8_t hash[sizeof o->roothash];

	if (parse_roothash(value, hash))
		return refuse(why, why_size,
			      "roothash=%s: must be 64 hexadecimal digits, as printed by farroot pack",
			      value);
	memcpy(o->roothash, hash, sizeof hash);
	o->have_roothash = true;
	return 0;
}

static int set_size(struct options *o, const char *value, char *why, size_t why_size)
{
	uint64_t bytes;

	if (parse_size(value, &bytes) || !bytes)
		return refuse(why, why_size,
			      "size=%s: must be the size of the image in bytes", value);
	o->size_bytes = bytes;
	return 0;
}

static int set_cache(struct options *o, const char *value, char *why, size_t why_size)
{
	char *end;
	unsigned long percent;
	uint64_t bytes;

	percent = strtoul(value, &end, 10);
	if (isdigit((unsigned char)value[0]) && end[0] == '%' && !end[1]) {
		if (percent < 1 || percent > 100)
			return refuse(why, why_size,
				      "cache=%s: must be 1%% to 100%% of the available memory",
				      value);
		o->cache_kind = CACHE_PERCENT;
		o->cache_value = percent;
		return 0;
	}
	if (parse_size(value, &bytes))
		return refuse(why, why_size, "cache=%s: must be a size such as 256M, or N%%",
			      value);
	if (bytes < CACHE_MIN_BYTES)
		return refuse(why, why_size,
			      "cache=%s: too small; must be at least 4M", value);
	o->cache_kind = CACHE_BYTES;
	o->cache_value = bytes;
	return 0;
}

static int set_outage(struct options *o, const char *value, char *why, size_t why_size)
{
	uint64_t ms;

	if (!strcmp(value, "wait")) {
		o->outage_ms = -1;
		return 0;
	}
	if (parse_seconds(value, &ms) || ms < 1)
		return refuse(why, why_size,
			      "outage=%s: must be wait, or the seconds after which a read fails",
			      value);
	o->outage_ms = (int64_t)ms;
	return 0;
}

static int set_connections(struct options *o, const char *value,
			   char *why, size_t why_size)
{
	uint64_t n;

	if (parse_size(value, &n) || n < 1 || n > OPTIONS_MAX_CONNECTIONS)
		return refuse(why, why_size, "connections=%s: must be 1 to %d",
			      value, OPTIONS_MAX_CONNECTIONS);
	o->http.connections = (unsigned)n;
	return 0;
}

static int set_fill(struct options *o, const char *value, char *why, size_t why_size)
{
	bool yes;

	if (!strcmp(value, "idle")) {
		o->fill = FILL_IDLE;
		return 0;
	}
	if (parse_bool(value, &yes))
		return refuse(why, why_size, "fill=%s: must be yes, idle or no", value);
	o->fill = yes ? FILL_YES : FILL_NO;
	return 0;
}

static int set_partition(struct options *o, const char *value, char *why, size_t why_size)
{
	uint64_t n;

	if (parse_size(value, &n) || n < 1 || n > OPTIONS_MAX_PARTITION)
		return refuse(why, why_size, "partition=%s: must be the number of a partition, 1 to %u", value,
			      OPTIONS_MAX_PARTITION);
	o->partition = (unsigned)n;
	return 0;
}

static int set_rate(struct options *o, const char *value, char *why, size_t why_size)
{
	uint64_t bytes;

	if (parse_size(value, &bytes) || bytes < RATE_MIN || bytes > UINT32_MAX)
		return refuse(why, why_size, "rate=%s: must be bytes per second, 1K to 4G-1", value);
	o->rate_bytes_per_s = bytes;
	return 0;
}

static int set_budget(struct options *o, const char *value, char *why, size_t why_size)
{
	uint64_t bytes;

	if (parse_size(value, &bytes) || !bytes)
		return refuse(why, why_size, "budget=%s: must be a size such as 200M", value);
	o->budget_bytes = bytes;
	return 0;
}

static int set_budget_stops(struct options *o, const char *value, char *why, size_t why_size)
{
	if (strcmp(value, "fill") && strcmp(value, "all"))
		return refuse(why, why_size, "budget-stops=%s: must be fill or all", value);
	o->budget_stops_all = !strcmp(value, "all");
	return 0;
}

static int set_verify(struct options *o, const char *value, char *why, size_t why_size)
{
	if (strcmp(value, "none"))
		return refuse(why, why_size,
			      "verify=%s: the only value is none; to verify, give roothash=", value);
	o->verify_none = true;
	return 0;
}

/* Keys whose value needs a function of its own. */
static const struct special_key {
	const char *name;
	int (*set)(struct options *o, const char *value, char *why, size_t why_size);
} special_keys[] = {
	{ "budget", set_budget },
	{ "budget-stops", set_budget_stops },
	{ "cache", set_cache },
	{ "connections", set_connections },
	{ "fill", set_fill },
	{ "outage", set_outage },
	{ "partition", set_partition },
	{ "rate", set_rate },
	{ "roothash", set_roothash },
	{ "size", set_size },
	{ "url", set_url },
	{ "verify", set_verify },
};

static const struct special_key *find_special(const char *key)
{
	size_t i;

	for (i = 0; i < sizeof special_keys / sizeof special_keys[0]; i++)
		if (!strcmp(key, special_keys[i].name))
			return &special_keys[i];
	return NULL;
}

static const struct simple_key *find_simple(const char *key)
{
	size_t i;

	for (i = 0; i < sizeof simple_keys / sizeof simple_keys[0]; i++)
		if (!strcmp(key, simple_keys[i].name))
			return &simple_keys[i];
	return NULL;
}

int options_set(struct options *o, const char *key, const char *value,
		char *why, size_t why_size)
{
	const struct special_key *special = find_special(key);
	const struct simple_key *simple = find_simple(key);

	why[0] = '\0';
	if (!special && !simple) {
		snprintf(why, why_size, "unknown parameter %s=", key);
		return -ENOENT;
	}
	/* A line break in a header or a log line would be an injection. */
	if (options_has_control_characters(value))
		return refuse(why, why_size, "%s=: must not hold control characters", key);
	return special ? special->set(o, value, why, why_size) :
			 set_simple(o, simple, value, why, why_size);
}

static bool one_of(const char *value, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(value, *list))
			return true;
	return false;
}

bool options_is_path(const char *key, const char *value)
{
	static const char *const paths[] = {
		"store", "earlier", "status", "log", "unix-socket-path", "cookie-file", "cookiefile",
		"header-file", "password-file", NULL };

	if (!strcmp(key, "profile"))
		return strcmp(value, "none") && !parse_is_url(value);
	return one_of(key, paths);
}

static int check_ssl_version(const char *version, char *why, size_t why_size)
{
	static const char *const good[] = { "default", "tlsv1.2", "tlsv1.3", NULL };
	static const char *const old[] = {
		"sslv2", "sslv3", "tlsv1", "tlsv1.0", "tlsv1.1", NULL };

	if (one_of(version, good))
		return 0;
	return refuse(why, why_size, "ssl-version=%s: %smust be default, tlsv1.2 or tlsv1.3",
		      version, one_of(version, old) ? "is not secure any more; " : "");
}

int options_check_header(const char *header, char *why, size_t why_size)
{
	/* Without a name, all of it may be a secret. */
	if (!strpbrk(header, ":;"))
		return refuse(why, why_size, "header=: must be Name: value");
	if (!strncasecmp(header, "range:", 6) || !strncasecmp(header, "range;", 6))
		return refuse(why, why_size, "header=Range: farroot sets Range itself");
	return 0;
}

static int check_http(const struct http_options *h, char *why, size_t why_size)
{
	static const char *const versions[] = {
		"none", "1.0", "1.1", "2", "2.0", "2TLS", "2-prior-knowledge", "3", "3only", NULL };
	static const char *const ip_resolves[] = { "any", "v4", "v6", NULL };
	static const char *const protocols[] = {
		"http", "https", "http,https", "https,http", NULL };
	size_t i;

	if (h->http_version && !one_of(h->http_version, versions))
		return refuse(why, why_size,
			      "http-version=%s: must be none, 1.0, 1.1, 2, 2TLS, 2-prior-knowledge, 3 or 3only",
			      h->http_version);
	if (h->ip_resolve && !one_of(h->ip_resolve, ip_resolves))
		return refuse(why, why_size, "ipresolve=%s: must be any, v4 or v6",
			      h->ip_resolve);
	if (h->protocols && !one_of(h->protocols, protocols))
		return refuse(why, why_size, "protocols=%s: must be http, https or http,https",
			      h->protocols);
	if ((h->password && h->password_file) || (h->cookie && h->cookie_file))
		return refuse(why, why_size, "%s= and %s-file= contradict each other; give one of them",
			      h->password && h->password_file ? "password" : "cookie",
			      h->password && h->password_file ? "password" : "cookie");
	if (h->ssl_version && check_ssl_version(h->ssl_version, why, why_size))
		return -EINVAL;
	if (h->unix_socket_path && strlen(h->unix_socket_path) >= sizeof ((struct sockaddr_un *)0)->sun_path)
		return refuse(why, why_size, "unix-socket-path=%s: too long for a socket", h->unix_socket_path);
	for (i = 0; i < h->headers.count; i++)
		if (options_check_header(h->headers.items[i], why, why_size))
			return -EINVAL;
	return 0;
}

int options_check(const struct options *o, char *why, size_t why_size)
{
	bool http_allowed, https_allowed;
	size_t i;

	why[0] = '\0';
	if (!o->url_count)
		return refuse(why, why_size, "url= is required: give the URL of the image");
	if (!o->have_roothash && !o->verify_none)
		return refuse(why, why_size,
			      "roothash= is required (farroot pack prints it), or verify=none, which does not verify the image");
	if (o->have_roothash && o->verify_none)
		return refuse(why, why_size, "roothash= and verify=none contradict each other; give one of them");
	if (o->verify_none && o->store_path)
		return refuse(why, why_size,
			      "store= needs roothash=: without it a damaged store cannot be detected");
	if (o->earlier_path && !o->have_roothash)
		return refuse(why, why_size, "earlier= needs roothash=: without it no block can be compared");
	if (o->hash_tree && !o->have_roothash)
		return refuse(why, why_size, "hash-tree= needs roothash=");
	if (o->hash_tree && o->hash_tree[0] != '.' && !parse_is_url(o->hash_tree))
		return refuse(why, why_size,
			      "hash-tree=%s: must be a URL, or begin with a dot: what is appended to url=", o->hash_tree);
	if (o->have_roothash && o->size_bytes % 4096)
		return refuse(why, why_size,
			      "size=: the size of a verified image is a multiple of 4096 bytes");
	if (check_http(&o->http, why, why_size))
		return -EINVAL;
	http_allowed = !o->http.protocols || strcmp(o->http.protocols, "https");
	https_allowed = !o->http.protocols || strcmp(o->http.protocols, "http");
	for (i = 0; i < o->url_count; i++)
		if (parse_is_https(o->urls[i]) ? !https_allowed : !http_allowed)
			return refuse(why, why_size, "url=%s: excluded by protocols=%s",
				      o->urls[i], o->http.protocols);
	return 0;
}
