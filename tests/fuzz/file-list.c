/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Parses any bytes as a list of files.  An accepted list is the same after it was written
 * and read again.
 */
#include "config.h"

#include <string.h>

#include "common/file-list.h"
#include "fuzz.h"

static void check_entries(const struct file_list *l)
{
	const struct file_range *r;

	REQUIRE(l->count <= FILE_LIST_MAX_ENTRIES);
	REQUIRE(memchr(l->roothash, 0, sizeof l->roothash));
	for (r = l->entries; r && r < l->entries + l->count; r++) {
		REQUIRE(r->length > 0 && r->start <= UINT64_MAX - r->length);
		REQUIRE(r->name[0] == '/' || r->name[0] == '@');
	}
}

static char *written(const struct file_list *l, size_t *length)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, length);

	REQUIRE(to && !file_list_write(l, to) && !fclose(to));
	return text;
}

static void check_round_trip(const struct file_list *l)
{
	struct file_list again;
	size_t length, length_again, i;
	char *text = written(l, &length), *text_again, why[128];

	REQUIRE(!file_list_parse(text, length, &again, why, sizeof why));
	REQUIRE(again.count == l->count);
	for (i = 0; i < l->count; i++)
		REQUIRE(!strcmp(l->entries[i].name, again.entries[i].name));
	text_again = written(&again, &length_again);
	REQUIRE(length == length_again && !memcmp(text, text_again, length));
	file_list_free(&again);
	free(text);
	free(text_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct file_list l;
	char why[128] = "";
	int err = file_list_parse((const char *)bytes, size, &l, why, sizeof why);

	REQUIRE(!err == !why[0] && memchr(why, 0, sizeof why));
	check_entries(&l);
	if (!err)
		check_round_trip(&l);
	file_list_free(&l);
	return 0;
}
