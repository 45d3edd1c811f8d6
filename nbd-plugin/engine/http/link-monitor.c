/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Source: rtnetlink(7).
 */
#include "config.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/http/link-monitor.h"

int link_monitor_open(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
			     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool is_good_news(const struct nlmsghdr *message)
{
	const struct ifinfomsg *info;

	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
		if (message->nlmsg_len < NLMSG_LENGTH(sizeof *info))
			return false;
		info = NLMSG_DATA(message);
		return info->ifi_flags & IFF_RUNNING;
	case RTM_NEWADDR:
	case RTM_NEWROUTE:
		return true;
	default:
		return false;
	}
}

bool link_monitor_came_up(int fd)
{
	union {
		struct nlmsghdr header;
		char bytes[16384];
	} buffer;
	const struct nlmsghdr *message;
	bool up = false;
	ssize_t got;
	size_t left;

	while ((got = recv(fd, &buffer, sizeof buffer, 0)) > 0) {
		left = (size_t)got;
		for (message = &buffer.header; NLMSG_OK(message, left);
		     message = NLMSG_NEXT(message, left))
			up |= is_good_news(message);
	}
	return up;
}
