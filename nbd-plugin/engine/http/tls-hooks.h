/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What libcurl has no option for: how the dates of certificates are judged on a connection, and
 * whether its server asked for a certificate of the client.  Works if libcurl uses OpenSSL; with
 * another library, the dates are judged by the system's clock and no server has asked.
 *
 * Fetch thread only; nothing blocks.
 */
#ifndef FARROOT_TLS_HOOKS_H
#define FARROOT_TLS_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

struct tls_hooks {
	bool ignores_dates;
	int64_t judges_at;	/* Unix time; 0: the system's */
	bool *wants_client_certificate;	/* set to true when a server asks for it, at any time of a connection */
};

/* Applies *hooks to each new connection of the handle.  hooks must outlive the handle, and
 * *wants_client_certificate all connections.
 */
void tls_hooks_attach(CURL *easy, struct tls_hooks *hooks);

/* Whether a request of this handle has failed only because the certificate of the server is
 * not yet valid.
 */
bool tls_hooks_is_not_yet_valid(CURL *easy);

#endif
