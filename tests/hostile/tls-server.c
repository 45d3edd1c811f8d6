/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tls-server.h"

#define VALID_S 86400

struct tls_end {
	SSL *ssl;
};

static SSL_CTX *context;
static char cainfo[64];

static void must(int ok)
{
	if (ok <= 0) {
		ERR_print_errors_fp(stderr);
		abort();
	}
}

static X509 *self_signed(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509_EXTENSION *address = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");

	must(X509_set_version(cert, X509_VERSION_3));
	must(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1));
	must(X509_gmtime_adj(X509_getm_notBefore(cert), -VALID_S) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(cert), VALID_S) != NULL);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"trial", -1, -1, 0));
	must(X509_set_issuer_name(cert, name));
	must(X509_set_pubkey(cert, key));
	must(address && X509_add_ext(cert, address, -1));
	must(X509_sign(cert, key, EVP_sha256()));
	X509_EXTENSION_free(address);
	return cert;
}

/* A file without a name in any folder. */
static void write_cainfo(X509 *cert)
{
	int fd = memfd_create("cainfo", MFD_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	must(f && PEM_write_X509(f, cert) && !fflush(f));
	snprintf(cainfo, sizeof cainfo, "/proc/self/fd/%d", fd);
}

const char *tls_server_cainfo(void)
{
	EVP_PKEY *key;
	X509 *cert;

	if (context)
		return cainfo;
	key = EVP_EC_gen("P-256");
	must(key != NULL);
	cert = self_signed(key);
	context = SSL_CTX_new(TLS_server_method());
	must(context && SSL_CTX_use_certificate(context, cert) && SSL_CTX_use_PrivateKey(context, key));
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	write_cainfo(cert);
	X509_free(cert);
	EVP_PKEY_free(key);
	return cainfo;
}

struct tls_end *tls_end_new(int fd, unsigned wait_ms)
{
	struct timeval wait = { .tv_usec = (suseconds_t)wait_ms * 1000 };
	struct tls_end *end = calloc(1, sizeof *end);
	sigset_t pipe;

	/* OpenSSL writes without MSG_NOSIGNAL. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, NULL);
	must(end && (end->ssl = SSL_new(context)) && SSL_set_fd(end->ssl, fd));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	SSL_set_accept_state(end->ssl);
	return end;
}

void tls_end_free(struct tls_end *end)
{
	if (!end)
		return;
	SSL_free(end->ssl);
	free(end);
}

static ssize_t result_of(struct tls_end *end, int ok, size_t done)
{
	int error = SSL_get_error(end->ssl, ok);

	ERR_clear_error();
	if (ok > 0)
		return (ssize_t)done;
	if (error == SSL_ERROR_ZERO_RETURN)
		return 0;
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -EAGAIN : -ECONNRESET;
}

ssize_t tls_end_read(struct tls_end *end, void *bytes, size_t count)
{
	size_t done = 0;
	int ok = SSL_read_ex(end->ssl, bytes, count, &done);

	return result_of(end, ok, done);
}

ssize_t tls_end_write(struct tls_end *end, const void *bytes, size_t count)
{
	size_t done = 0;
	int ok = SSL_write_ex(end->ssl, bytes, count, &done);

	return result_of(end, ok, done);
}

int tls_end_pending(const struct tls_end *end)
{
	return SSL_pending(end->ssl);
}
