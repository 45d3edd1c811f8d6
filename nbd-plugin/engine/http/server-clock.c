/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "engine/http/server-clock.h"

/* After an answer that did not help. */
#define ASK_AGAIN_MS 60000

bool server_clock_is_behind(CURL *easy)
{
	long result = X509_V_OK;

	curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
	return result == X509_V_ERR_CERT_NOT_YET_VALID;
}

bool server_clock_may_ask(const struct server_clock *clock, uint64_t now_ms)
{
	return !clock->answered_ms || now_ms - clock->answered_ms >= ASK_AGAIN_MS;
}

bool server_clock_answer(struct server_clock *clock, int64_t date, int64_t system, uint64_t now_ms)
{
	clock->answered_ms = now_ms;
	if (date <= system)
		return false;
	clock->date = date;
	clock->date_ms = now_ms;
	return true;
}

int64_t server_clock_time(const struct server_clock *clock, int64_t system, uint64_t now_ms)
{
	int64_t now = clock->date + (int64_t)((now_ms - clock->date_ms) / 1000);

	return clock->date && now > system ? now : 0;
}

const char *server_clock_text(int64_t time, char *out, size_t size)
{
	time_t seconds = (time_t)time;
	struct tm broken;

	if (!gmtime_r(&seconds, &broken) || !strftime(out, size, "%Y-%m-%d %H:%M UTC", &broken))
		snprintf(out, size, "?");
	return out;
}

static CURLcode on_context(CURL *easy, void *context, void *ctx)
{
	const struct certificate_time *time = ctx;
	X509_VERIFY_PARAM *how = SSL_CTX_get0_param(context);

	(void)easy;
	if (time->ignored)
		X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_NO_CHECK_TIME);
	else if (time->at)
		X509_VERIFY_PARAM_set_time(how, time->at);
	return CURLE_OK;
}

void server_clock_attach(CURL *easy, struct certificate_time *time)
{
	const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;

	/* The context has another type with other libraries. */
	if (!library || strncmp(library, "OpenSSL/", 8) != 0)
		return;
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, time);
}
