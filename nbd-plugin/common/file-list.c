/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/file-list.h"

#define ROOTHASH "# roothash="
#define INODES "# inodes="
#define DIRECTORIES "# directories="

int file_list_add(struct file_list *l, const char *name, uint64_t start, uint64_t length)
{
	struct file_range *last = l->count ? &l->entries[l->count - 1] : NULL, *more;
	char *copy;

	if (!length || length > UINT64_MAX - start || (*name != '/' && *name != '@'))
		return -EINVAL;
	if (last && last->start + last->length == start && !strcmp(last->name, name)) {
		last->length += length;
		return 0;
	}
	more = array_grow(l->entries, l->count, &l->space, sizeof *more, FILE_LIST_MAX_ENTRIES);
	if (!more)
		return -ENOMEM;
	l->entries = more;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	l->entries[l->count++] = (struct file_range){ copy, start, length };
	return 0;
}

/* Parses digits.  Returns their end, or NULL if there are none or too many. */
static const char *take_digits(const char *at, const char *end, uint64_t *out)
{
	const char *first = at;
	uint64_t n = 0;
	unsigned digit;

	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		digit = (unsigned)(*at - '0');
		if (n > (UINT64_MAX - digit) / 10)
			return NULL;
		n = n * 10 + digit;
	}
	*out = n;
	return at > first ? at : NULL;
}

/* Parses a number and a blank.  Returns the place behind them, or NULL. */
static const char *take_number(const char *at, const char *end, uint64_t *out)
{
	at = take_digits(at, end, out);
	return at && at < end && *at == ' ' ? at + 1 : NULL;
}

/* Returns the place behind a key at the beginning of a line, or NULL. */
static const char *after(const char *at, const char *end, const char *key)
{
	size_t length = strlen(key);

	return (size_t)(end - at) >= length && !memcmp(at, key, length) ? at + length : NULL;
}

static void take_header(struct file_list *l, const char *line, const char *end)
{
	const char *at;
	size_t i;

	if ((at = after(line, end, ROOTHASH))) {
		for (i = 0; i < 64 && at < end && isxdigit((unsigned char)*at); i++)
			l->roothash[i] = *at++;
		l->roothash[i] = '\0';
	} else if ((at = after(line, end, INODES))) {
		take_digits(at, end, &l->inodes);
	} else if ((at = after(line, end, DIRECTORIES))) {
		take_digits(at, end, &l->directories);
	}
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

/* Returns the name up to the end of the line, malloc'ed; NULL if it is not valid or if out
 * of memory.
 */
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
	uint64_t start, length;
	char *name;
	int err;

	if (at == end)
		return 0;
	if (*at == '#') {
		take_header(l, at, end);
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

int file_list_write_ranges(const struct file_list *l, FILE *to)
{
	const char *at;
	size_t i;

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

int file_list_write(const struct file_list *l, FILE *to)
{
	fprintf(to, FILE_LIST_MAGIC);
	if (l->roothash[0])
		fprintf(to, ROOTHASH "%s\n", l->roothash);
	if (l->inodes)
		fprintf(to, INODES "%" PRIu64 "\n", l->inodes);
	if (l->directories)
		fprintf(to, DIRECTORIES "%" PRIu64 "\n", l->directories);
	return file_list_write_ranges(l, to);
}

void file_list_free(struct file_list *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->entries[i].name);
	free(l->entries);
	memset(l, 0, sizeof *l);
}
