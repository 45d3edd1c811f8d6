/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Hands sockets to the kernel's nbd driver over generic netlink.  Never the
 * ioctl interface: there any signal to the process that sits in NBD_DO_IT ends
 * the device.  Needs CAP_SYS_ADMIN and the nbd module.
 * Source: linux/nbd-netlink.h, drivers/block/nbd.c.
 */
#ifndef FARROOT_NBD_NETLINK_H
#define FARROOT_NBD_NETLINK_H

#include <stddef.h>
#include <stdint.h>

#include "common/log.h"

struct nbd_device {
	uint32_t index;			/* the N of /dev/nbdN */
	const int *sockets;		/* after the handshake; stay the caller's */
	size_t socket_count;
	uint64_t size_bytes;
	uint64_t block_bytes;
	uint16_t flags;			/* transmission flags of the handshake */
	/* After so many seconds without an answer the kernel gives up the
	 * socket and sends the request over another.  0: wait for ever, but
	 * only with one socket; with more, the kernel takes 0 for 30.
	 */
	uint64_t timeout_s;
	/* How long requests wait for a new socket when all are dead, before
	 * they become I/O errors.
	 */
	uint64_t dead_conn_timeout_s;
};

/* All return 0 or -errno, having logged why. */

/* -EBUSY: the device is in use. */
int nbd_netlink_connect(const struct nbd_device *device, const struct log *log);

/* Puts sockets in the place of dead ones and changes the time-outs; size and
 * flags stay.  Requests that were under way on the dead ones are sent again at
 * their next time-out (every 30 s with timeout_s 0).  -EINVAL: not connected.
 */
int nbd_netlink_reconfigure(const struct nbd_device *device, const struct log *log);

/* What waits becomes an I/O error: unmount first. */
int nbd_netlink_disconnect(uint32_t index, const struct log *log);

#endif
