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

static const char *const state_names[STATUS_STATES] = {
	[STATUS_OPENING] = "opening",
	[STATUS_READY] = "ready",
	[STATUS_FILLING] = "filling",
	[STATUS_OUTAGE] = "outage",
	[STATUS_CORRUPT] = "corrupt",
	[STATUS_MATERIALIZED] = "materialized",
};

const char *const status_class_names[STATUS_CLASSES] = {
	[CLASS_BOOTSTRAP] = "bootstrap",
	[CLASS_HASH] = "hash",
	[CLASS_DEMAND] = "demand",
	[CLASS_READAHEAD] = "readahead",
	[CLASS_PROFILE] = "profile",
	[CLASS_FILL] = "fill",
	[REQUEST_CLASSES] = "other",
};

const char *const status_answer_names[STATUS_ANSWERS] = { "2xx", "3xx", "4xx", "5xx" };

const char *const status_fault_names[FAULT_KINDS] = {
	[FAULT_RESOLVE] = "resolve",
	[FAULT_CONNECT] = "connect",
	[FAULT_TLS] = "tls",
	[FAULT_STALL] = "stall",
	[FAULT_BROKEN] = "broken",
	[FAULT_STATUS] = "status",
	[FAULT_RANGE] = "range",
	[FAULT_ENCODING] = "encoding",
	[FAULT_TOTAL] = "total",
	[FAULT_REPLACED] = "replaced",
	[FAULT_REDIRECT] = "redirect",
	[FAULT_CORRUPT] = "corrupt",
	[FAULT_LOCAL] = "local",
};

static const char *const seekable_names[] = { "uncompressed_bytes", "frames" };
static const char *const partition_names[] = { "number", "offset", "bytes" };
static const char *const outage_names[] = { "count", "seconds" };

static const char *const latency_names[] = {
	"25us", "100us", "1ms", "10ms", "100ms", "1s", "10s", "1min", "10min", "1h", "more", "sum_us",
};

_Static_assert(sizeof(struct latency) == sizeof latency_names / sizeof latency_names[0] * sizeof(uint64_t),
	       "a name for each counter of a histogram");

/* The list of keys, for both directions.  COUNTERS is an array of uint64_t, and an object in
 * JSON, with a name for each.
 */
enum kind { UNSIGNED, UNSIGNED64, SIGNED64, TEXT, COUNTERS };

static const struct field {
	const char *key;
	enum kind kind;
	size_t offset, size;
	const char *const *names;	/* of counters; NULL: the counter is always 0 */
} fields[] = {
#define FIELD(key, kind) \
	{ #key, kind, offsetof(struct status, key), sizeof ((struct status *)0)->key, NULL }
#define COUNTERS_FIELD(key, names) \
	{ #key, COUNTERS, offsetof(struct status, key), sizeof ((struct status *)0)->key, names }
	FIELD(origin, TEXT),
	FIELD(image_bytes, UNSIGNED64),
	FIELD(present_bytes, UNSIGNED64),
	FIELD(cache_bytes, UNSIGNED64),
	FIELD(ready_needs_bytes, UNSIGNED64),
	FIELD(is_ready, UNSIGNED),
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
	COUNTERS_FIELD(seekable, seekable_names),
	COUNTERS_FIELD(partition, partition_names),
	COUNTERS_FIELD(outages, outage_names),
	COUNTERS_FIELD(fetched_by_class, status_class_names),
	COUNTERS_FIELD(answers, status_answer_names),
	COUNTERS_FIELD(faults, status_fault_names),
	COUNTERS_FIELD(hits, latency_names),
	COUNTERS_FIELD(misses, latency_names),
#undef FIELD
#undef COUNTERS_FIELD
};

#define FIELDS (sizeof fields / sizeof fields[0])

const char *status_state_name(enum status_state state)
{
	return (size_t)state < STATUS_STATES ? state_names[state] : "unknown";
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

static size_t counters_of(const struct field *f)
{
	return f->size / sizeof(uint64_t);
}

static struct json_object *counters_object(const uint64_t *counters, const struct field *f)
{
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; object && i < counters_of(f); i++)
		if (f->names[i])
			json_object_object_add(object, f->names[i], json_object_new_uint64(counters[i]));
	return object;
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
	case COUNTERS:
		return counters_object(at, f);
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

/* An older server may lack a counter. */
static bool take_counters(struct status *s, const struct field *f, struct json_object *object)
{
	uint64_t *counters = (uint64_t *)((char *)s + f->offset);
	struct json_object *value;
	size_t i;

	if (!json_object_is_type(object, json_type_object))
		return false;
	for (i = 0; i < counters_of(f); i++) {
		if (!f->names[i] || !json_object_object_get_ex(object, f->names[i], &value))
			continue;
		if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
			return false;
		counters[i] = json_object_get_uint64(value);
	}
	return true;
}

static bool take_value(struct status *s, const struct field *f, struct json_object *value)
{
	switch (f->kind) {
	case TEXT:
		return take_text(s, f, value);
	case COUNTERS:
		return take_counters(s, f, value);
	default:
		return take_number(s, f, value);
	}
}

static bool take_state(struct status *s, struct json_object *object)
{
	struct json_object *value;
	size_t i;

	if (!json_object_object_get_ex(object, "state", &value) ||
	    !json_object_is_type(value, json_type_string))
		return false;
	for (i = 0; i < STATUS_STATES; i++)
		if (!strcmp(json_object_get_string(value), state_names[i])) {
			s->state = (enum status_state)i;
			return true;
		}
	return false;
}

/* Unknown keys come from a newer server and are ignored; a missing key is an error, but for
 * counters.
 */
static bool take_all(struct status *s, struct json_object *object)
{
	struct json_object *value;
	size_t i;

	if (!json_object_is_type(object, json_type_object) || !take_state(s, object))
		return false;
	for (i = 0; i < FIELDS; i++) {
		if (!json_object_object_get_ex(object, fields[i].key, &value)) {
			if (fields[i].kind == COUNTERS)
				continue;
			return false;
		}
		if (!take_value(s, &fields[i], value))
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
