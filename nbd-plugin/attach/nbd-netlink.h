/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Gives sockets to the kernel's nbd driver over generic netlink.  The ioctl interface is
 * not used: with it any signal to the process in NBD_DO_IT ends the device.
 * Source: linux/nbd-netlink.h, drivers/block/nbd.c.
 *
 * All functions need CAP_SYS_ADMIN and the nbd module, block until the kernel has
 * answered, and return 0 or -errno, after logging the reason.  Any thread.
 */
#ifndef FARROOT_NBD_NETLINK_H
#define FARROOT_NBD_NETLINK_H

#include <stddef.h>
#include <stdint.h>

#include "common/log.h"

/* The longest time-out: practically never, and less than 2^31 jiffies at 1000 Hz. */
#define NBD_LONG_S (20 * 86400)

struct nbd_device {
	uint32_t index;			/* the N of /dev/nbdN */
	const int *sockets;		/* after the handshake; the caller owns and closes them */
	size_t socket_count;
	uint64_t size_bytes;
	uint64_t block_bytes;
	uint16_t flags;			/* transmission flags of the handshake */
	/* After this many seconds without an answer the kernel gives up the
	 * socket and sends the request over another socket.  0: wait without a
	 * limit, but only with one socket; with more, the kernel uses 30 s.
	 */
	uint64_t timeout_s;
	/* When all sockets are dead, requests wait this many seconds for a new
	 * socket before they become I/O errors.
	 */
	uint64_t dead_conn_timeout_s;
};

/* Attaches the device.  -EBUSY: the device is in use. */
int nbd_netlink_connect(const struct nbd_device *device, const struct log *log);

/* Replaces dead sockets by new sockets and changes the time-outs; size and flags stay.
 * Requests that were in flight on the dead sockets are sent again at their next time-out
 * (every 30 s with timeout_s 0).  -EINVAL: the device is not attached.
 */
int nbd_netlink_reconfigure(const struct nbd_device *device, const struct log *log);

/* Detaches the device.  Pending requests become I/O errors: unmount first. */
int nbd_netlink_disconnect(uint32_t index, const struct log *log);

#endif
