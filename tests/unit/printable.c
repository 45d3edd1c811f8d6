/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "common/printable.h"

static void becomes(const char *text, const char *wanted)
{
	char copy[64];

	snprintf(copy, sizeof copy, "%s", text);
	make_printable(copy);
	CHECK_STR(copy, wanted);
}

int main(void)
{
	becomes("", "");
	becomes("plain ~text", "plain ~text");
	becomes("a\x1b[2J\n\t\x7f", "a?[2J???");
	/* C1 as UTF-8 and as bytes; U+00A0 is no control character. */
	becomes("\xc2\x80\xc2\x9b""2J\xc2\x9f\xc2\xa0", "????2J??\xc2\xa0");
	becomes("\x80\x9b""2J\x9f\xa0\xff", "??2J???");
	becomes("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	/* More bytes than needed, a surrogate, beyond U+10FFFF, cut short. */
	becomes("\xc0\x9b\xc1\xbf\xe0\x82\x9b\xf0\x80\x82\x9b", "???????????");
	becomes("\xed\xa0\x80\xf4\x90\x80\x80\xf5\x80", "?????????");
	becomes("\xc3", "?");
	becomes("\xe2\x82", "??");
	becomes("\xe2\x82""a\xc3\xc3\xa4", "??a?\xc3\xa4");
	return 0;
}
