/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "file-list.h"

#define HEADER "# roothash="

int file_list_add(struct file_list *l, const char *name, uint64_t start, uint64_t length)
{
	struct file_range *last = l->count ? &l->entries[l->count - 1] : NULL, *more;
	size_t space;
	char *copy;

	if (!length || length > UINT64_MAX - start || (*name != '/' && *name != '@'))
		return -EINVAL;
	if (last && last->start + last->length == start && !strcmp(last->name, name)) {
		last->length += length;
		return 0;
	}
	if (l->count == l->space) {
		space = l->space ? l->space * 2 : 256;
		if (space > FILE_LIST_MAX_ENTRIES)
			return -ENOMEM;
		more = realloc(l->entries, space * sizeof *more);
		if (!more)
			return -ENOMEM;
		l->entries = more;
		l->space = space;
	}
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	l->entries[l->count++] = (struct file_range){ copy, start, length };
	return 0;
}

/* Digits and a blank; what is behind them, or NULL. */
static const char *take_number(const char *at, const char *end, uint64_t *out)
{
	const char *first = at;
	unsigned digit;

	for (*out = 0; at < end && *at >= '0' && *at <= '9'; at++) {
		digit = (unsigned)(*at - '0');
		if (*out > (UINT64_MAX - digit) / 10)
			return NULL;
		*out = *out * 10 + digit;
	}
	return at > first && at < end && *at == ' ' ? at + 1 : NULL;
}

static int octal(const char *at, const char *end)
{
	int i, value = 0;

	if (end - at < 3 || at[0] > '3')
		return -1;
	for (i = 0; i < 3; i++) {
		if (at[i] < '0' || at[i] > '7')
			return -1;
		value = value * 8 + at[i] - '0';
	}
	return value;
}

/* The name up to the end of the line; NULL if it is none, or there is no memory. */
static char *take_name(const char *at, const char *end)
{
	char *name = malloc((size_t)(end - at) + 1), *to = name;
	int c;

	for (; name && at < end; at++) {
		c = (unsigned char)*at;
		if (c == '\\') {
			c = octal(at + 1, end);
			at += 3;
		}
		if (c <= 0) {
			free(name);
			return NULL;
		}
		*to++ = (char)c;
	}
	if (name)
		*to = '\0';
	return name;
}

static int take_line(struct file_list *l, const char *at, const char *end)
{
	const size_t header = sizeof HEADER - 1;
	uint64_t start, length;
	size_t i;
	char *name;
	int err;

	if (at == end)
		return 0;
	if (*at == '#') {
		if ((size_t)(end - at) > header && !memcmp(at, HEADER, header))
			for (i = 0, at += header; i < 64 && at < end && isxdigit((unsigned char)*at); i++)
				l->roothash[i] = *at++;
		return 0;
	}
	at = take_number(at, end, &start);
	at = at ? take_number(at, end, &length) : NULL;
	name = at ? take_name(at, end) : NULL;
	if (!name)
		return -EINVAL;
	err = file_list_add(l, name, start, length);
	free(name);
	return err;
}

int file_list_parse(const char *text, size_t length, struct file_list *out,
		    char *why, size_t why_size)
{
	const char *at = text, *end = text + length, *line_end;
	unsigned line = 1;
	int err = 0;

	memset(out, 0, sizeof *out);
	if (length > FILE_LIST_MAX_BYTES) {
		snprintf(why, why_size, "longer than %u bytes", FILE_LIST_MAX_BYTES);
		return -EINVAL;
	}
	for (; at < end && !err; at = line_end + 1, line++) {
		line_end = memchr(at, '\n', (size_t)(end - at));
		if (!line_end)
			line_end = end;
		err = take_line(out, at, line_end);
	}
	if (err == -EINVAL)
		snprintf(why, why_size, "line %u is not \"OFFSET LENGTH NAME\"", line - 1);
	else if (err)
		snprintf(why, why_size, "line %u: too many entries", line - 1);
	return err;
}

int file_list_write(const struct file_list *l, FILE *to)
{
	const char *at;
	size_t i;

	fprintf(to, FILE_LIST_MAGIC);
	if (l->roothash[0])
		fprintf(to, HEADER "%s\n", l->roothash);
	for (i = 0; i < l->count; i++) {
		fprintf(to, "%" PRIu64 " %" PRIu64 " ", l->entries[i].start, l->entries[i].length);
		for (at = l->entries[i].name; *at; at++)
			if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '\\')
				fprintf(to, "\\%03o", (unsigned)*at);
			else
				fputc(*at, to);
		fputc('\n', to);
	}
	return ferror(to) ? -EIO : 0;
}

void file_list_free(struct file_list *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->entries[i].name);
	free(l->entries);
	memset(l, 0, sizeof *l);
}
