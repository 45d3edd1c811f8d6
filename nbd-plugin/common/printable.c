/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "common/printable.h"

/* The bytes that follow the first byte of a character in UTF-8, RFC 3629; -1: not a first byte. */
static int bytes_after(uint8_t first)
{
	return first < 0x80 ? 0 :
	       first < 0xc2 ? -1 :
	       first < 0xe0 ? 1 :
	       first < 0xf0 ? 2 :
	       first < 0xf5 ? 3 : -1;
}

/* The length of the printable character at text, in bytes; 0: there is none. */
static size_t printable_length(const uint8_t *text)
{
	static const uint32_t lowest[] = { ' ', 0xa0, 0x800, 0x10000 };
	int after = bytes_after(text[0]), i;
	uint32_t code = text[0];

	if (after < 0)
		return 0;
	if (after)
		code &= 0x3fU >> after;
	for (i = 1; i <= after; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3fU);
	}
	if (code < lowest[after] || code == 0x7f || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
		return 0;
	return (size_t)after + 1;
}

void make_printable(char *text)
{
	size_t length;

	while (*text) {
		length = printable_length((const uint8_t *)text);
		if (!length) {
			*text = '?';
			length = 1;
		}
		text += length;
	}
}
