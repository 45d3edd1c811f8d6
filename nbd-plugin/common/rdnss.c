/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#include "common/rdnss.h"

#define OPTION_RDNSS 25
#define OPTION_UNIT 8		/* of the length of an option */
#define OPTION_HEADER 8		/* type, length, 2 reserved bytes, lifetime */

static void print_server(struct rdnss *r, const uint8_t *address, unsigned interface, FILE *to)
{
	char text[INET6_ADDRSTRLEN], name[IF_NAMESIZE];
	size_t i;

	for (i = 0; i < r->count; i++)
		if (memcmp(r->servers[i], address, sizeof r->servers[i]) == 0)
			return;
	if (r->count == RDNSS_MAX || !inet_ntop(AF_INET6, address, text, sizeof text))
		return;
	memcpy(r->servers[r->count++], address, sizeof r->servers[0]);
	/* An address of the link means nothing without its interface. */
	if (address[0] == 0xfe && (address[1] & 0xc0) == 0x80 && if_indextoname(interface, name))
		fprintf(to, "nameserver %s%%%s\n", text, name);
	else
		fprintf(to, "nameserver %s\n", text);
	fflush(to);
}

void rdnss_print(struct rdnss *r, const uint8_t *options, size_t size, unsigned interface,
		 FILE *to)
{
	static const uint8_t gone[4];
	size_t length, at;

	for (; size >= OPTION_HEADER; options += length, size -= length) {
		length = (size_t)options[1] * OPTION_UNIT;
		if (length == 0 || length > size)
			return;
		/* A server whose lifetime is 0 must not be used any more. */
		if (options[0] != OPTION_RDNSS || memcmp(options + 4, gone, sizeof gone) == 0)
			continue;
		for (at = OPTION_HEADER; at + 16 <= length; at += 16)
			print_server(r, options + at, interface, to);
	}
}
