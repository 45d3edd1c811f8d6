/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The name servers in the options of IPv6 router advertisements.
 */
#ifndef FARROOT_RDNSS_H
#define FARROOT_RDNSS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* resolv.conf(5) allows this many. */
#define RDNSS_MAX 3

/* The servers that were printed; all zero at the start. */
struct rdnss {
	uint8_t servers[RDNSS_MAX][16];
	size_t count;
};

/* Prints each name server of the options (size bytes, in the format of RFC 8106, unchecked)
 * that *r does not have yet, as a line of resolv.conf(5), to the stream to, up to RDNSS_MAX
 * in all.  interface is the index of the one that received them.
 */
void rdnss_print(struct rdnss *r, const uint8_t *options, size_t size, unsigned interface,
		 FILE *to);

#endif
