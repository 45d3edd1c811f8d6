/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What is sent to log in: the password, the cookie and the header lines, given as such or
 * in files.  The files are read at the start, and again when a server refuses (401, 403)
 * and a file has changed since: a token may be valid for less time than a machine runs.
 * All functions belong to the fetch thread.  They block for as long as reading a small file
 * does, so a file must not lie in the image that is being served.
 */
#ifndef FARROOT_CREDENTIALS_H
#define FARROOT_CREDENTIALS_H

#include <stdbool.h>

#include <sys/stat.h>

#include <curl/curl.h>

#include "common/log.h"
#include "common/options.h"

/* Never changed after they were read. */
struct credentials {
	unsigned references;
	char *password, *cookie;	/* NULL: none */
	struct curl_slist *headers;
	struct curl_slist *no_cache_headers;	/* headers, and Cache-Control: no-cache */
};

/* COOKIES: many cookies with their domains, in the format of curl(1). */
enum credential_file { PASSWORD_FILE, COOKIE_FILE, HEADER_FILE, COOKIES, CREDENTIAL_FILES };

struct credential_file_state {
	struct stat st;		/* of the last text that was read, good or not */
	char *text;		/* the last that was good; NULL: none */
	bool is_bad;		/* and the log has it */
};

struct credential_store {
	const struct http_options *http;
	const struct log *log;
	struct credentials *current;
	CURLSH *share;		/* of the cookies of cookiefile=, for all handles; NULL: none */
	size_t cookie_bytes;	/* of header lines that set a cookie, since they were last counted */
	struct credential_file_state files[CREDENTIAL_FILES];
	const char *renewed_path;	/* of a file that was read again, and current does not have it yet */
};

/* Reads the files.  http and log must outlive the store.  Returns 0; -ENOMEM; or -EINVAL or
 * -errno for a file that is no good, which has been logged.  credential_store_free is needed
 * in any case.
 */
int credential_store_init(struct credential_store *store, const struct http_options *http,
			  const struct log *log);
void credential_store_free(struct credential_store *store);

/* The current credentials, which the caller gives back by credentials_put: curl needs the
 * header lines until a request has ended.
 */
struct credentials *credentials_get(struct credential_store *store);
void credentials_put(struct credentials *credentials);

/* Reads each file that has changed again.  Returns whether the credentials are other ones now,
 * which has been logged.  A file that is gone, empty or no good is logged once and changes nothing:
 * what it held before stays, and the other files count.
 */
bool credentials_renew(struct credential_store *store);

/* A line of an answer's header, which may set a cookie. */
void credentials_header_line(struct credential_store *store, const char *line, size_t length);

/* A server may set as many cookies as it likes, and libcurl keeps them all: if there are too many,
 * those of cookiefile= alone stay.  Not within a callback of libcurl.
 */
void credentials_limit_cookies(struct credential_store *store);

#endif
