/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/printable.h"
#include "common/status.h"

/* More than status_to_json can write. */
#define TEXT_MAX 65536

static const char *const state_names[] = {
	[STATUS_OPENING] = "opening",
	[STATUS_READY] = "ready",
	[STATUS_FILLING] = "filling",
	[STATUS_OUTAGE] = "outage",
	[STATUS_CORRUPT] = "corrupt",
	[STATUS_MATERIALIZED] = "materialized",
};

#define STATES (sizeof state_names / sizeof state_names[0])

/* The list of keys, for both directions. */
enum kind { UNSIGNED, UNSIGNED64, SIGNED64, TEXT };

static const struct field {
	const char *key;
	enum kind kind;
	size_t offset, size;
} fields[] = {
#define FIELD(key, kind) \
	{ #key, kind, offsetof(struct status, key), sizeof ((struct status *)0)->key }
	FIELD(origin, TEXT),
	FIELD(image_bytes, UNSIGNED64),
	FIELD(present_bytes, UNSIGNED64),
	FIELD(cache_bytes, UNSIGNED64),
	FIELD(ready_needs_bytes, UNSIGNED64),
	FIELD(budget_bytes, UNSIGNED64),
	FIELD(budget_left_bytes, UNSIGNED64),
	FIELD(hold, TEXT),
	FIELD(fetched_bytes, UNSIGNED64),
	FIELD(served_bytes, UNSIGNED64),
	FIELD(wasted_bytes, UNSIGNED64),
	FIELD(requests, UNSIGNED64),
	FIELD(rate_bytes_per_s, UNSIGNED64),
	FIELD(rtt_ms, UNSIGNED),
	FIELD(waiting, UNSIGNED),
	FIELD(outage_since, SIGNED64),
	FIELD(corrupt_blocks, UNSIGNED64),
	FIELD(corrupt_since, SIGNED64),
	FIELD(corrupt_origin, TEXT),
	FIELD(eta_s, SIGNED64),
	FIELD(last_error, TEXT),
	FIELD(last_error_age_s, SIGNED64),
#undef FIELD
};

#define FIELDS (sizeof fields / sizeof fields[0])

const char *status_state_name(enum status_state state)
{
	return (size_t)state < STATES ? state_names[state] : "unknown";
}

/* Returns NULL if no memory is left.  JSON is UTF-8, and a person may look at it on a terminal. */
static struct json_object *printable(const char *text)
{
	struct json_object *value;
	char *copy = strdup(text);

	if (!copy)
		return NULL;
	make_printable(copy);
	value = json_object_new_string(copy);
	free(copy);
	return value;
}

static struct json_object *value_of(const struct status *s, const struct field *f)
{
	const void *at = (const char *)s + f->offset;

	switch (f->kind) {
	case UNSIGNED:
		return json_object_new_int64(*(const unsigned *)at);
	case UNSIGNED64:
		return json_object_new_uint64(*(const uint64_t *)at);
	case SIGNED64:
		return json_object_new_int64(*(const int64_t *)at);
	case TEXT:
		return printable(at);
	}
	return NULL;
}

char *status_to_json(const struct status *s)
{
	struct json_object *object = json_object_new_object();
	const char *text;
	char *line = NULL;
	size_t i;

	if (!object)
		return NULL;
	json_object_object_add(object, "state",
			       json_object_new_string(status_state_name(s->state)));
	for (i = 0; i < FIELDS; i++)
		json_object_object_add(object, fields[i].key, value_of(s, &fields[i]));
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	json_object_put(object);
	return line;
}

static bool take_number(struct status *s, const struct field *f, struct json_object *value)
{
	void *at = (char *)s + f->offset;
	int64_t number;

	if (!json_object_is_type(value, json_type_int))
		return false;
	number = json_object_get_int64(value);
	if (f->kind == SIGNED64) {
		*(int64_t *)at = number;
		return true;
	}
	if (number < 0 || (f->kind == UNSIGNED && number > UINT32_MAX))
		return false;
	if (f->kind == UNSIGNED)
		*(unsigned *)at = (unsigned)number;
	else
		*(uint64_t *)at = json_object_get_uint64(value);
	return true;
}

static bool take_text(struct status *s, const struct field *f, struct json_object *value)
{
	size_t length;

	if (!json_object_is_type(value, json_type_string))
		return false;
	length = (size_t)json_object_get_string_len(value);
	if (length >= f->size)
		return false;
	memcpy((char *)s + f->offset, json_object_get_string(value), length);
	return true;
}

static bool take_state(struct status *s, struct json_object *object)
{
	struct json_object *value;
	size_t i;

	if (!json_object_object_get_ex(object, "state", &value) ||
	    !json_object_is_type(value, json_type_string))
		return false;
	for (i = 0; i < STATES; i++)
		if (!strcmp(json_object_get_string(value), state_names[i])) {
			s->state = (enum status_state)i;
			return true;
		}
	return false;
}

/* Unknown keys come from a newer server and are ignored; a missing key is an error. */
static bool take_all(struct status *s, struct json_object *object)
{
	struct json_object *value;
	size_t i;

	if (!json_object_is_type(object, json_type_object) || !take_state(s, object))
		return false;
	for (i = 0; i < FIELDS; i++) {
		if (!json_object_object_get_ex(object, fields[i].key, &value))
			return false;
		if (fields[i].kind == TEXT ? !take_text(s, &fields[i], value) :
		    !take_number(s, &fields[i], value))
			return false;
	}
	return true;
}

int status_from_json(const char *text, size_t length, struct status *out)
{
	struct json_tokener *tokener;
	struct json_object *object;
	bool ok;

	memset(out, 0, sizeof *out);
	if (!length || length > TEXT_MAX)
		return -EINVAL;
	tokener = json_tokener_new();
	if (!tokener)
		return -ENOMEM;
	object = json_tokener_parse_ex(tokener, text, (int)length);
	ok = object && take_all(out, object);
	json_object_put(object);
	json_tokener_free(tokener);
	return ok ? 0 : -EINVAL;
}
