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
#include "common/profile.h"

int profile_add(struct profile *p, uint64_t offset, uint64_t length)
{
	struct profile_entry *last = p->count ? &p->entries[p->count - 1] : NULL, *more;

	if (!length || length > UINT64_MAX - offset)
		return -EINVAL;
	if (last && last->offset + last->length == offset) {
		last->length += length;
		return 0;
	}
	more = array_grow(p->entries, p->count, &p->space, sizeof *more, PROFILE_MAX_ENTRIES);
	if (!more)
		return -ENOMEM;
	p->entries = more;
	p->entries[p->count++] = (struct profile_entry){ offset, length };
	return 0;
}

/* "# key=value": copies the value if the key matches. */
static void take_header(const char *line, size_t length, const char *key,
			char *out, size_t out_size)
{
	size_t key_length = strlen(key), i;

	while (length && (*line == '#' || *line == ' ')) {
		line++;
		length--;
	}
	if (length <= key_length || memcmp(line, key, key_length) || line[key_length] != '=')
		return;
	line += key_length + 1;
	length -= key_length + 1;
	if (length >= out_size)
		length = out_size - 1;
	for (i = 0; i < length; i++)
		out[i] = isprint((unsigned char)line[i]) ? line[i] : '?';
	out[length] = '\0';
}

/* Parses digits.  Returns their end, or NULL if there are none or too many. */
static const char *take_number(const char *at, const char *end, uint64_t *out)
{
	const char *start = at;
	uint64_t n = 0;
	unsigned digit;

	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		digit = (unsigned)(*at - '0');
		if (n > (UINT64_MAX - digit) / 10)
			return NULL;
		n = n * 10 + digit;
	}
	*out = n;
	return at > start ? at : NULL;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
		at++;
	return at;
}

static int take_entry(struct profile *p, const char *at, const char *end)
{
	uint64_t offset, length;

	at = take_number(at, end, &offset);
	if (!at || at == end || (*at != ' ' && *at != '\t'))
		return -EINVAL;
	at = take_number(skip_blanks(at, end), end, &length);
	if (!at || skip_blanks(at, end) != end)
		return -EINVAL;
	return profile_add(p, offset, length);
}

static int take_line(struct profile *p, const char *at, const char *end)
{
	at = skip_blanks(at, end);
	if (at == end)
		return 0;
	if (*at != '#')
		return take_entry(p, at, end);
	take_header(at, (size_t)(end - at), "roothash", p->roothash, sizeof p->roothash);
	take_header(at, (size_t)(end - at), "kernel", p->kernel, sizeof p->kernel);
	take_header(at, (size_t)(end - at), "recorded", p->recorded, sizeof p->recorded);
	return 0;
}

int profile_parse(const char *text, size_t length, struct profile *out,
		  char *why, size_t why_size)
{
	const char *at = text, *end = text + length, *line_end;
	unsigned line = 1;
	int err = 0;

	memset(out, 0, sizeof *out);
	if (length > PROFILE_MAX_BYTES) {
		snprintf(why, why_size, "longer than %u bytes", PROFILE_MAX_BYTES);
		return -EINVAL;
	}
	for (; at < end && !err; at = line_end + 1, line++) {
		line_end = memchr(at, '\n', (size_t)(end - at));
		if (!line_end)
			line_end = end;
		err = take_line(out, at, line_end);
	}
	if (err == -EINVAL)
		snprintf(why, why_size, "line %u is not \"OFFSET LENGTH\" in bytes", line - 1);
	else if (err)
		snprintf(why, why_size, "line %u: too many entries", line - 1);
	return err;
}

int profile_write(const struct profile *p, FILE *to)
{
	size_t i;

	fprintf(to, "# farroot profile\n");
	if (p->roothash[0])
		fprintf(to, "# roothash=%s\n", p->roothash);
	if (p->kernel[0])
		fprintf(to, "# kernel=%s\n", p->kernel);
	if (p->recorded[0])
		fprintf(to, "# recorded=%s\n", p->recorded);
	for (i = 0; i < p->count; i++)
		fprintf(to, "%" PRIu64 " %" PRIu64 "\n", p->entries[i].offset, p->entries[i].length);
	return ferror(to) ? -EIO : 0;
}

void profile_free(struct profile *p)
{
	free(p->entries);
	memset(p, 0, sizeof *p);
}
