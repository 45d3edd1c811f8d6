/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The server's end of TLS connections to 127.0.0.1, with a certificate that each process
 * makes for itself.  An end belongs to one thread.
 */
#ifndef FARROOT_TEST_TLS_SERVER_H
#define FARROOT_TEST_TLS_SERVER_H

#include <stddef.h>
#include <sys/types.h>

struct tls_end;

/* The path of the certificate, for cainfo=, until the process ends.  Call it before the first
 * tls_end_new.
 */
const char *tls_server_cainfo(void);

/* For an accepted connection, which stays the caller's; to be called by the thread that will use
 * it.  Every call returns after about wait_ms.
 */
struct tls_end *tls_end_new(int fd, unsigned wait_ms);
void tls_end_free(struct tls_end *end);

/* Return the number of bytes, 0 at the end, or -errno; -EAGAIN: none in this time. */
ssize_t tls_end_read(struct tls_end *end, void *bytes, size_t count);
ssize_t tls_end_write(struct tls_end *end, const void *bytes, size_t count);

/* Bytes that were received and not read yet, which no poll() tells. */
int tls_end_pending(const struct tls_end *end);

#endif
