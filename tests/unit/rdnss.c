/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "common/rdnss.h"

#define LIFETIME 0, 0, 4, 0
#define SERVER(last) 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last
#define ONE(last) 25, 3, 0, 0, LIFETIME, SERVER(last)

static struct rdnss r;

static bool prints(const uint8_t *options, size_t size, const char *expected)
{
	char *text = NULL;
	/* A sanitizer notices a read behind the end of this copy. */
	uint8_t *copy = malloc(size ? size : 1);
	size_t length;
	FILE *to = open_memstream(&text, &length);
	bool same;

	memcpy(copy, options, size);
	rdnss_print(&r, copy, size, 1, to);
	fclose(to);
	same = !strcmp(text, expected);
	if (!same)
		fprintf(stderr, "got '%s', not '%s'\n", text, expected);
	free(text);
	free(copy);
	return same;
}

static void prints_each_server_once(void)
{
	static const uint8_t two[] = { 25, 5, 0, 0, LIFETIME, SERVER(1), SERVER(2) };
	static const uint8_t after_others[] = {
		3, 1, 0, 0, 0, 0, 0, 0, ONE(1), ONE(3), ONE(4)
	};

	memset(&r, 0, sizeof r);
	CHECK(prints(two, sizeof two, "nameserver 2001:db8::1\nnameserver 2001:db8::2\n"));
	CHECK(prints(two, sizeof two, ""));
	CHECK(prints(after_others, sizeof after_others, "nameserver 2001:db8::3\n"));
}

static void names_the_interface_of_a_link_address(void)
{
	static const uint8_t local[] = {
		25, 3, 0, 0, LIFETIME, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
	};

	memset(&r, 0, sizeof r);
	/* The first interface of every machine. */
	CHECK(prints(local, sizeof local, "nameserver fe80::1%lo\n"));
}

static void ignores_what_has_expired(void)
{
	static const uint8_t gone[] = { 25, 3, 0, 0, 0, 0, 0, 0, SERVER(1) };

	memset(&r, 0, sizeof r);
	CHECK(prints(gone, sizeof gone, ""));
}

static void survives_nonsense(void)
{
	static const uint8_t one[] = { ONE(1) };
	static const uint8_t endless[] = { 3, 0, 0, 0, 0, 0, 0, 0, ONE(1) };
	static const uint8_t odd[] = { 25, 2, 0, 0, LIFETIME, 1, 2, 3, 4, 5, 6, 7, 8 };
	size_t size;

	memset(&r, 0, sizeof r);
	for (size = 0; size < sizeof one; size++)
		CHECK(prints(one, size, ""));
	CHECK(prints(endless, sizeof endless, ""));
	CHECK(prints(odd, sizeof odd, ""));
}

int main(void)
{
	prints_each_server_once();
	names_the_interface_of_a_link_address();
	ignores_what_has_expired();
	survives_nonsense();
	return EXIT_SUCCESS;
}
