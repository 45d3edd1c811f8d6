/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What the user asked for, as key=value; the same keys for the plugin, the tool
 * and the kernel command line.  Knows neither curl nor nbdkit.  A wrong value
 * is refused at once with a message that names the key and what it takes.
 */
#ifndef FARROOT_OPTIONS_H
#define FARROOT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_MAX_URLS 8
#define OPTIONS_MAX_CONNECTIONS 64
#define OPTIONS_MAX_LIST 16

struct string_list {
	char *items[OPTIONS_MAX_LIST];
	size_t count;
};

/* How to speak HTTP.  Names and meanings are those of nbdkit-curl-plugin(1).
 * Strings are owned by the struct; NULL means curl's default.
 */
struct http_options {
	char *cainfo, *capath;
	char *cookie;
	struct string_list headers;
	struct string_list resolve;
	char *http_version;		/* "none" "1.0" "1.1" "2" "2TLS" "2-prior-knowledge" */
	char *ip_resolve;		/* "any" "v4" "v6" */
	char *interface;
	char *user, *password;
	char *proxy, *proxy_user, *proxy_password;
	char *protocols;		/* "http,https" */
	char *ssl_version, *ssl_cipher_list, *tls13_ciphers;
	char *unix_socket_path;
	char *user_agent;
	bool sslverify;			/* default true */
	bool followlocation;		/* default true; never https to http */
	bool tcp_keepalive, tcp_nodelay; /* defaults true */
	unsigned connections;		/* requests under way at once; default 64 */
	unsigned connect_timeout_ms;	/* default 10 s */
	unsigned stall_ms;		/* dead after so long under 100 B/s; default 20 s */
	unsigned retry_max_ms;		/* cap of the backoff; default 10 s */
};

enum cache_kind { CACHE_DEFAULT, CACHE_BYTES, CACHE_PERCENT };
enum fill_kind { FILL_DEFAULT, FILL_YES, FILL_IDLE, FILL_NO };

struct options {
	char *urls[OPTIONS_MAX_URLS];
	size_t url_count;
	bool verify_none;
	bool have_roothash;
	uint8_t roothash[32];
	uint64_t size_bytes;		/* size=: of the image; 0 = ask the origin */
	enum cache_kind cache_kind;
	uint64_t cache_value;		/* bytes, or per cent of MemAvailable */
	char *store_path;		/* NULL: in memory */
	enum fill_kind fill;
	uint64_t rate_bytes_per_s;	/* the most to use of the link; 0 = all */
	uint64_t budget_bytes;		/* 0 = no limit */
	bool budget_stops_all;		/* all but what somebody waits for */
	int64_t outage_ms;		/* -1: wait for as long as it takes */
	char *profile;			/* "none", a URL, a file; NULL: beside the image */
	char *status_path;		/* Unix socket; NULL: none */
	bool mlock;			/* never be swapped out */
	char *log_path;			/* NULL: the front end's own */
	struct http_options http;
};

void options_init(struct options *o);
void options_free(struct options *o);

/* Takes one key=value.  Returns 0; -ENOENT for an unknown key; -EINVAL with a
 * sentence in why (why_size bytes, always terminated).
 * Secrets: password= and proxy-password= are stored as given; +FILE and -FD are
 * the front end's to read.
 */
int options_set(struct options *o, const char *key, const char *value,
		char *why, size_t why_size);

/* Whether all that is required is there and fits together; same returns. */
int options_check(const struct options *o, char *why, size_t why_size);

/* "64M" → bytes; suffixes b k/K M G T P, powers of 1024.  Returns 0 or -EINVAL. */
int parse_size(const char *text, uint64_t *bytes);
/* "1.5" → 1500; seconds, to milliseconds.  Returns 0 or -EINVAL. */
int parse_seconds(const char *text, uint64_t *ms);
/* yes true on 1 / no false off 0.  Returns 0 or -EINVAL. */
int parse_bool(const char *text, bool *out);
/* 64 hex digits → 32 bytes.  Returns 0 or -EINVAL. */
int parse_roothash(const char *text, uint8_t out[32]);
/* Where a file may be named, too. */
bool parse_is_url(const char *text);

#endif
