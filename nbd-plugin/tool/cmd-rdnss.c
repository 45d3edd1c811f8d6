/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * farroot rdnss: prints the name servers of IPv6 router advertisements (RFC 8106), for an
 * initramfs.  The kernel takes addresses and routes from an advertisement by itself, but
 * only reports name servers.
 */
#include "config.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/rdnss.h"
#include "tool/commands.h"

static const char usage[] =
"Usage: farroot rdnss [OPTION]...\n"
"Prints the name servers of IPv6 router advertisements, as lines of\n"
"resolv.conf(5), until it is ended.\n"
"\n"
"      --help       show this\n";

static void take_message(struct rdnss *r, const struct nlmsghdr *message)
{
	const struct nduseroptmsg *header = NLMSG_DATA(message);
	size_t size;

	if (message->nlmsg_type != RTM_NEWNDUSEROPT ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof *header))
		return;
	size = message->nlmsg_len - NLMSG_LENGTH(sizeof *header);
	if (header->nduseropt_opts_len > size)
		return;
	rdnss_print(r, (const uint8_t *)(header + 1), header->nduseropt_opts_len,
		    (unsigned)header->nduseropt_ifindex, stdout);
}

/* Returns the socket, or -1 with errno. */
static int listen_to_kernel(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int group = RTNLGRP_ND_USEROPT;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

int cmd_rdnss(int argc, char **argv)
{
	union {
		struct nlmsghdr header;
		char bytes[16384];
	} buffer;
	struct rdnss r = { 0 };
	int fd;

	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (argc != 1)
		return tool_usage_error("rdnss", "it takes no arguments");
	fd = listen_to_kernel();
	while (fd >= 0) {
		const struct nlmsghdr *message = &buffer.header;
		ssize_t n = recv(fd, &buffer, sizeof buffer, 0);

		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			break;
		for (; n > 0 && NLMSG_OK(message, (size_t)n); message = NLMSG_NEXT(message, n))
			take_message(&r, message);
	}
	perror("farroot rdnss");
	return EXIT_FAILURE;
}
