/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The client's side of the NBD handshake, until the socket can be given to the kernel.
 * Only fixed newstyle negotiation with NBD_OPT_GO, which nbdkit supports.
 * Source: NetworkBlockDevice/nbd, doc/proto.md.
 *
 * Any thread may call any function; a socket belongs to one thread at a time.
 */
#ifndef FARROOT_NBD_HANDSHAKE_H
#define FARROOT_NBD_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"

#define NBD_MAX_BLOCK_BYTES 4096	/* a page: the kernel takes no larger blocks */

struct nbd_export {
	uint64_t size_bytes;
	uint16_t flags;			/* transmission flags, NBD_FLAG_* */
	uint32_t min_block_bytes;	/* 0: the server did not send it */
	uint32_t preferred_block_bytes;	/* likewise */
};

/* Connects to a Unix socket.  Returns the socket, which the caller must close, or -errno
 * after logging the reason.
 */
int nbd_connect_unix(const char *path, const struct log *log);

/* Performs the handshake on fd, which stays open, and sets *out.  Blocks until the server
 * answers; farroot's plugin answers when it knows the size of the image, so this can take
 * as long as an outage.  Returns 0, -EPROTO (the server violated the protocol),
 * -ECONNRESET (the server closed the connection), -EACCES or -ENOENT (the server refused)
 * or another -errno, after logging the reason.
 */
int nbd_handshake(int fd, const char *export_name, const struct log *log,
		  struct nbd_export *out);

/* The same in two parts, for a process that must not wait without a limit.
 * nbd_handshake_begin ends when the request is sent: it waits for the server's greeting only,
 * which nbdkit sends at once.  The reply has come when fd is readable: then
 * nbd_handshake_end takes it.  Both fail with -EAGAIN after limit_ms without a byte (0: no
 * limit); fd has no time limit afterwards.
 */
int nbd_handshake_begin(int fd, const char *export_name, unsigned limit_ms, const struct log *log);
int nbd_handshake_end(int fd, unsigned limit_ms, const struct log *log, struct nbd_export *out);

/* Returns whether the export allows several connections at the same time. */
bool nbd_export_multi_conn(const struct nbd_export *e);

/* Returns the block that a device should have: NBD_MAX_BLOCK_BYTES if the server prefers that or more
 * and it divides the export, otherwise 512, which all file systems and partition tables can use, or
 * what the server requires.
 */
uint32_t nbd_export_block_bytes(const struct nbd_export *e);

#endif
