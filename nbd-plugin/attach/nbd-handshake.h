/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The client's half of the NBD handshake, up to the moment when the socket can
 * be handed to the kernel.  Fixed newstyle and NBD_OPT_GO only: what nbdkit
 * speaks.  Source: NetworkBlockDevice/nbd, doc/proto.md.
 */
#ifndef FARROOT_NBD_HANDSHAKE_H
#define FARROOT_NBD_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"

struct nbd_export {
	uint64_t size_bytes;
	uint16_t flags;			/* transmission flags, NBD_FLAG_* */
	uint32_t min_block_bytes;	/* 0: the server did not say */
};

/* A connected stream socket, or -errno, having logged why. */
int nbd_connect_unix(const char *path, const struct log *log);

/* Blocks until the server answers; farroot's plugin answers once an origin has
 * told it the size of the image, however long that takes.  Keeps fd open.
 * Returns 0, -EPROTO (not what the protocol allows), -ECONNRESET (hung up),
 * -EACCES or -ENOENT (the server refused) or another -errno; each is logged.
 */
int nbd_handshake(int fd, const char *export_name, const struct log *log,
		  struct nbd_export *out);

/* Whether several sockets may serve the export at once. */
bool nbd_export_multi_conn(const struct nbd_export *e);

#endif
