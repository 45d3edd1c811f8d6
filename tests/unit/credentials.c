/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "check.h"
#include "engine/http/credentials.h"

static char path[] = "/tmp/farroot-cookies.XXXXXX";
static struct credential_store store;

static void write_file(void)
{
	static const char text[] = "# Netscape HTTP Cookie File\nexample.org\tFALSE\t/\tFALSE\t0\tlogin\tsecret\n";
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
}

/* A server sets this many cookies, each with a name of its own or all with one. */
static void set_cookies(unsigned count, bool same_name)
{
	CURL *easy = NULL;
	char line[2100];
	unsigned i;

	for (i = 0; i < count; i++) {
		/* libcurl takes 50 of one answer. */
		if (i % 40 == 0) {
			curl_easy_cleanup(easy);
			easy = curl_easy_init();
			CHECK(easy && !curl_easy_setopt(easy, CURLOPT_SHARE, store.share));
		}
		snprintf(line, sizeof line, "Set-Cookie: n%u=%02000u; domain=example.org", same_name ? 0 : i, i);
		CHECK(!curl_easy_setopt(easy, CURLOPT_COOKIELIST, line));
		credentials_header_line(&store, line, strlen(line));
		credentials_limit_cookies(&store);
	}
	curl_easy_cleanup(easy);
}

/* The number of cookies; *has_login: whether that of the file is among them. */
static unsigned cookies(bool *has_login)
{
	struct curl_slist *list = NULL, *at;
	CURL *easy = curl_easy_init();
	unsigned n = 0;

	*has_login = false;
	CHECK(easy && !curl_easy_setopt(easy, CURLOPT_SHARE, store.share));
	CHECK(!curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &list));
	for (at = list; at; at = at->next, n++)
		*has_login |= strstr(at->data, "login\tsecret") != NULL;
	curl_slist_free_all(list);
	curl_easy_cleanup(easy);
	return n;
}

static void keeps_no_more_cookies_than_a_login_needs(void)
{
	bool has_login;

	CHECK_EQ(cookies(&has_login), 1);
	CHECK(has_login);
	set_cookies(100, false);
	CHECK_EQ(cookies(&has_login), 101);
	/* One that is renewed is one. */
	set_cookies(2000, true);
	CHECK_EQ(cookies(&has_login), 101);
	set_cookies(20000, false);
	CHECK(cookies(&has_login) < 1100);
	CHECK(has_login);
}

int main(void)
{
	const struct http_options http = { .cookiefile = path };

	write_file();
	CHECK(!credential_store_init(&store, &http, NULL));
	keeps_no_more_cookies_than_a_login_needs();
	credential_store_free(&store);
	unlink(path);
	return 0;
}
