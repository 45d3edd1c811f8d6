/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record.h"

/* About 200 lines. */
#define END_BYTES 20000

FILE *record_new(void)
{
	int fd = memfd_create("record", MFD_CLOEXEC);
	FILE *record = fd < 0 ? NULL : fdopen(fd, "w+");

	if (!record)
		abort();
	return record;
}

void record_print_end(FILE *record)
{
	char text[END_BYTES + 1], *begin = text;
	off_t size, from;
	ssize_t n;

	fflush(record);
	size = lseek(fileno(record), 0, SEEK_END);
	from = size > END_BYTES ? size - END_BYTES : 0;
	n = pread(fileno(record), text, END_BYTES, from);
	text[n > 0 ? n : 0] = '\0';
	if (from && strchr(text, '\n'))
		begin = strchr(text, '\n') + 1;
	fprintf(stderr, "the last lines of its log:\n%s", begin);
}
