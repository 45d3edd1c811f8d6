/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <string.h>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "engine/http/tls-hooks.h"

bool tls_hooks_is_not_yet_valid(CURL *easy)
{
	long result = X509_V_OK;

	curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
	return result == X509_V_ERR_CERT_NOT_YET_VALID;
}

/* The server has asked for a certificate, and gets none. */
static int on_client_certificate(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
	bool *wants = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	(void)certificate;
	(void)key;
	*wants = true;
	return 0;
}

static CURLcode on_context(CURL *easy, void *context, void *ctx)
{
	const struct tls_hooks *hooks = ctx;
	X509_VERIFY_PARAM *how = SSL_CTX_get0_param(context);

	(void)easy;
	if (hooks->ignores_dates)
		X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_NO_CHECK_TIME);
	else if (hooks->judges_at)
		X509_VERIFY_PARAM_set_time(how, hooks->judges_at);
	SSL_CTX_set_app_data((SSL_CTX *)context, hooks->wants_client_certificate);
	SSL_CTX_set_client_cert_cb(context, on_client_certificate);
	return CURLE_OK;
}

void tls_hooks_attach(CURL *easy, struct tls_hooks *hooks)
{
	const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;

	/* The context has another type with other libraries. */
	if (!library || strncmp(library, "OpenSSL/", 8) != 0)
		return;
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, hooks);
}
