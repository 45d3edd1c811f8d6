/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The user's settings, as key=value.  The plugin, the tool and the kernel command line
 * have the same keys.  A wrong value is refused at once, with a message that names the
 * key and the values that it accepts.
 *
 * One thread at a time may change an options struct; afterwards any number of threads
 * may read it.  Nothing blocks.
 */
#ifndef FARROOT_OPTIONS_H
#define FARROOT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_MAX_URLS 8
#define OPTIONS_MAX_PARTITION 128U
#define OPTIONS_MAX_CONNECTIONS 64
#define OPTIONS_MAX_LIST 16

struct string_list {
	char *items[OPTIONS_MAX_LIST];
	size_t count;
};

/* The HTTP settings.  Names and meanings are those of nbdkit-curl-plugin(1).
 * The struct owns the strings; NULL means curl's default.
 */
struct http_options {
	char *cainfo, *capath;
	char *cookie;
	struct string_list headers;
	struct string_list resolve;
	char *http_version;		/* "none" "1.0" "1.1" "2" "2TLS" "2-prior-knowledge"
					 * "3" "3only"
					 */
	char *ip_resolve;		/* "any" "v4" "v6" */
	char *interface;
	char *user, *password;
	/* Instead of password and cookie, and beside headers; read again when they change. */
	char *password_file, *cookie_file, *header_file;
	char *cookiefile;	/* in the format of curl(1) */
	char *proxy, *proxy_user, *proxy_password;
	char *protocols;		/* "http,https" */
	char *ssl_version, *ssl_cipher_list, *tls13_ciphers;
	char *unix_socket_path;
	char *user_agent;
	bool sslverify;			/* default true */
	bool followlocation;		/* default true; never https to http */
	bool tcp_keepalive, tcp_nodelay; /* defaults true */
	unsigned connections;		/* limit of in-flight requests; default 64 */
	unsigned connect_timeout_ms;	/* default 10 s */
	unsigned stall_ms;		/* abort a request after this time below 100 B/s; default 20 s */
	unsigned retry_max_ms;		/* limit of the backoff; default 10 s */
};

enum cache_kind { CACHE_DEFAULT, CACHE_BYTES, CACHE_PERCENT };
enum fill_kind { FILL_DEFAULT, FILL_YES, FILL_IDLE, FILL_NO };

struct options {
	char *urls[OPTIONS_MAX_URLS];
	size_t url_count;
	bool verify_none;
	bool have_roothash;
	uint8_t roothash[32];
	uint64_t size_bytes;		/* size of the image; 0: ask the origin */
	enum cache_kind cache_kind;
	uint64_t cache_value;		/* bytes, or percent of MemAvailable */
	char *store_path;		/* NULL: in memory */
	char *earlier_path;		/* a file that may have equal blocks; NULL: none */
	char *hash_tree;		/* a URL, or what is appended to the path of each URL; NULL: in the image */
	enum fill_kind fill;
	uint64_t rate_bytes_per_s;	/* 0: no limit */
	uint64_t budget_bytes;		/* 0: no limit */
	bool budget_stops_all;		/* everything except demand, not only the fill */
	int64_t outage_ms;		/* -1: wait without a limit */
	char *profile;			/* "none", a URL or a path; NULL: the URL of the image + .profile */
	char *status_path;		/* Unix socket; NULL: none */
	bool mlock;			/* lock the memory */
	bool decompress;		/* a seekable file; default true */
	unsigned partition;		/* the one that is exported, up to OPTIONS_MAX_PARTITION; 0: all of the image */
	char *log_path;			/* NULL: the log of the front end */
	struct http_options http;
};

/* Sets the defaults.  Free o with options_free. */
void options_init(struct options *o);
/* Frees all strings and zeroes o. */
void options_free(struct options *o);

/* Takes one key=value and copies the value.  A refused value changes nothing.
 * Returns 0; -ENOENT for an unknown key and -EINVAL for a wrong value, with a message in
 * why (why_size bytes, always terminated); -ENOMEM.
 * cookie=, password= and proxy-password= are stored as given: see secret.h.
 */
int options_set(struct options *o, const char *key, const char *value,
		char *why, size_t why_size);

/* Whether value is the path of a file, in a setting of this key: a program that changes its
 * folder must make a relative path absolute before.
 */
bool options_is_path(const char *key, const char *value);

/* Checks that all required settings are there and that they do not contradict each
 * other.  Returns 0, or -EINVAL with a message in why.
 */
int options_check(const struct options *o, char *why, size_t why_size);

/* Checks a header line: Name: value; Name: without a value removes a header of libcurl; Name;
 * sends an empty one.  Returns 0, or -EINVAL with a message in why.
 */
int options_check_header(const char *header, char *why, size_t why_size);
/* Whether text has a control character, such as a line break, which would be an injection
 * in a header or in a log.
 */
bool options_has_control_characters(const char *text);

/* "64M" → bytes; suffixes b k/K M G T P, powers of 1024.  Returns 0 or -EINVAL. */
int parse_size(const char *text, uint64_t *bytes);
/* "1.5" → 1500; seconds, to milliseconds.  Returns 0 or -EINVAL. */
int parse_seconds(const char *text, uint64_t *ms);
/* 1 true t yes y on / 0 false f no n off, in upper or lower case, as nbdkit_parse_bool
 * accepts them.  Returns 0 or -EINVAL.
 */
int parse_bool(const char *text, bool *out);
/* 64 hex digits → 32 bytes.  Returns 0 or -EINVAL. */
int parse_roothash(const char *text, uint8_t out[32]);
/* Returns whether a URL is an https URL. */
bool parse_is_https(const char *url);
/* Returns whether text is a URL, for a setting that takes a URL or a path. */
bool parse_is_url(const char *text);

#endif
