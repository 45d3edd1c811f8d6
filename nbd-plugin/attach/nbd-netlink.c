/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <linux/nbd-netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <string.h>

#include "attach/nbd-netlink.h"

static int remember_errno(struct sockaddr_nl *from, struct nlmsgerr *reply, void *ctx)
{
	(void)from;
	*(int *)ctx = reply->error;
	return NL_STOP;
}

static int remember_ack(struct nl_msg *msg, void *ctx)
{
	(void)msg;
	*(int *)ctx = 0;
	return NL_STOP;
}

static int open_family(struct nl_sock **out, int *family, const struct log *log)
{
	struct nl_sock *sock = nl_socket_alloc();
	int ret;

	if (!sock)
		return -ENOMEM;
	ret = genl_connect(sock);
	if (ret < 0) {
		log_say(log, LOG_WARN, "cannot open generic netlink: %s", nl_geterror(ret));
		nl_socket_free(sock);
		return -EIO;
	}
	*family = genl_ctrl_resolve(sock, NBD_GENL_FAMILY_NAME);
	if (*family < 0) {
		log_say(log, LOG_WARN, "the kernel has no nbd driver (modprobe nbd?): %s",
			nl_geterror(*family));
		nl_socket_free(sock);
		return -ENODEV;
	}
	*out = sock;
	return 0;
}

/* Sends msg and waits for the kernel's result, a -errno, which libnl's own codes would
 * lose.
 */
static int ask_kernel(struct nl_sock *sock, struct nl_msg *msg)
{
	int verdict = 1, ret;

	nl_socket_modify_err_cb(sock, NL_CB_CUSTOM, remember_errno, &verdict);
	nl_socket_modify_cb(sock, NL_CB_ACK, NL_CB_CUSTOM, remember_ack, &verdict);
	ret = nl_send_auto(sock, msg);
	/* For CONNECT, the kernel sends the index before the acknowledgement. */
	while (ret >= 0 && verdict > 0)
		ret = nl_recvmsgs_default(sock);
	return verdict > 0 ? -EIO : verdict;
}

static int put_sockets(struct nl_msg *msg, const struct nbd_device *device)
{
	struct nlattr *list, *item;
	size_t i;

	list = nla_nest_start(msg, NBD_ATTR_SOCKETS);
	if (!list)
		return -EMSGSIZE;
	for (i = 0; i < device->socket_count; i++) {
		item = nla_nest_start(msg, NBD_SOCK_ITEM);
		if (!item || nla_put_u32(msg, NBD_SOCK_FD, (uint32_t)device->sockets[i]) < 0)
			return -EMSGSIZE;
		nla_nest_end(msg, item);
	}
	nla_nest_end(msg, list);
	return 0;
}

static int fill(struct nl_msg *msg, int family, uint8_t command,
		const struct nbd_device *device)
{
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, NLM_F_ACK, command,
			 NBD_GENL_VERSION) ||
	    nla_put_u32(msg, NBD_ATTR_INDEX, device->index) < 0)
		return -EMSGSIZE;
	if (command == NBD_CMD_DISCONNECT)
		return 0;
	if (nla_put_u64(msg, NBD_ATTR_TIMEOUT, device->timeout_s) < 0 ||
	    nla_put_u64(msg, NBD_ATTR_DEAD_CONN_TIMEOUT, device->dead_conn_timeout_s) < 0)
		return -EMSGSIZE;
	if (command == NBD_CMD_CONNECT &&
	    (nla_put_u64(msg, NBD_ATTR_SIZE_BYTES, device->size_bytes) < 0 ||
	     nla_put_u64(msg, NBD_ATTR_BLOCK_SIZE_BYTES, device->block_bytes) < 0 ||
	     nla_put_u64(msg, NBD_ATTR_SERVER_FLAGS, device->flags) < 0))
		return -EMSGSIZE;
	return put_sockets(msg, device);
}

static int command(uint8_t what, const struct nbd_device *device, const struct log *log)
{
	static const char *const names[] = {
		[NBD_CMD_CONNECT] = "attach",
		[NBD_CMD_RECONFIGURE] = "reconfigure",
		[NBD_CMD_DISCONNECT] = "detach",
	};
	struct nl_sock *sock;
	struct nl_msg *msg;
	int family, ret;

	ret = open_family(&sock, &family, log);
	if (ret < 0)
		return ret;
	msg = nlmsg_alloc();
	ret = msg ? fill(msg, family, what, device) : -ENOMEM;
	if (ret == 0)
		ret = ask_kernel(sock, msg);
	if (ret < 0)
		log_say(log, LOG_WARN, "the kernel did not %s /dev/nbd%u: %s", names[what],
			device->index, strerror(-ret));
	nlmsg_free(msg);
	nl_socket_free(sock);
	return ret;
}

int nbd_netlink_connect(const struct nbd_device *device, const struct log *log)
{
	return command(NBD_CMD_CONNECT, device, log);
}

int nbd_netlink_reconfigure(const struct nbd_device *device, const struct log *log)
{
	return command(NBD_CMD_RECONFIGURE, device, log);
}

int nbd_netlink_disconnect(uint32_t index, const struct log *log)
{
	struct nbd_device device = { .index = index };

	return command(NBD_CMD_DISCONNECT, &device, log);
}
