/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>

#include "check.h"
#include "common/status.h"

static const struct status sample = {
	.state = STATUS_FILLING,
	.origin = "http://h/\"quoted\"\\.img",
	.image_bytes = 1ULL << 60,
	.present_bytes = 4096,
	.cache_bytes = 1 << 20,
	.fetched_bytes = 3,
	.served_bytes = 4,
	.hold = "memory: 310 MiB to come",
	.wasted_bytes = 5,
	.requests = 6,
	.rate_bytes_per_s = 7,
	.rtt_ms = UINT32_MAX,
	.waiting = 9,
	.outage_since = 1700000000,
	.eta_s = -1,
	.last_error = "h: server ignored Range (200 instead of 206)",
	.corrupt_blocks = 17,
	.corrupt_since = 1700000001,
	.corrupt_origin = "http://h/corrupt",
	.last_error_age_s = 61,
	.outages = { 21, 22 },
	.fetched_by_class = { 31, 32, 33, 34, 35, 36, 37 },
	.answers = { 41, 42, 43, 44 },
	.faults = { 0, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, UINT64_MAX },
	.hits = { .buckets = { 71, 72 }, .sum_us = 73 },
	.misses = { .buckets = { 81, [LATENCY_BUCKETS - 1] = 82 }, .sum_us = 83 },
};

static int parse(const char *text, struct status *out)
{
	return status_from_json(text, strlen(text), out);
}

static void what_is_written_can_be_read(void)
{
	struct status in = sample, out;
	char *json, *again;
	unsigned state;

	for (state = STATUS_OPENING; state <= STATUS_MATERIALIZED; state++) {
		in.state = (enum status_state)state;
		json = status_to_json(&in);
		CHECK(json != NULL);
		CHECK_SAYS(json, status_state_name(in.state));
		CHECK(strchr(json, '\n') == json + strlen(json) - 1);
		CHECK_EQ(parse(json, &out), 0);
		CHECK_EQ(out.state, state);
		again = status_to_json(&out);
		CHECK_STR(again, json);
		free(json);
		free(again);
	}
	CHECK_EQ(out.image_bytes, in.image_bytes);
	CHECK_EQ(out.rtt_ms, in.rtt_ms);
	CHECK_EQ(out.outage_since, in.outage_since);
	CHECK_EQ(out.eta_s, -1);
	CHECK_STR(out.origin, in.origin);
	CHECK_STR(out.hold, in.hold);
	CHECK_STR(out.last_error, in.last_error);
	CHECK_EQ(out.corrupt_blocks, in.corrupt_blocks);
	CHECK_EQ(out.corrupt_since, in.corrupt_since);
	CHECK_STR(out.corrupt_origin, in.corrupt_origin);
	CHECK_EQ(out.last_error_age_s, in.last_error_age_s);
	CHECK(!memcmp(&out.outages, &in.outages, sizeof in.outages));
	CHECK(!memcmp(out.fetched_by_class, in.fetched_by_class, sizeof in.fetched_by_class));
	CHECK(!memcmp(out.answers, in.answers, sizeof in.answers));
	CHECK(!memcmp(out.faults, in.faults, sizeof in.faults));
	CHECK(!memcmp(&out.hits, &in.hits, sizeof in.hits));
	CHECK(!memcmp(&out.misses, &in.misses, sizeof in.misses));
}

static void names_say_what_was_counted(void)
{
	char *json = status_to_json(&sample);

	CHECK(json != NULL);
	CHECK_SAYS(json, "\"outages\":{\"count\":21,\"seconds\":22}");
	CHECK_SAYS(json, "\"bootstrap\":31,\"hash\":32,\"demand\":33,\"readahead\":34,\"profile\":35,\"fill\":36,\"other\":37}");
	CHECK_SAYS(json, "\"answers\":{\"2xx\":41,\"3xx\":42,\"4xx\":43,\"5xx\":44}");
	CHECK_SAYS(json, "\"faults\":{\"resolve\":51,\"connect\":52,");
	CHECK_SAYS(json, "\"corrupt\":62,\"local\":18446744073709551615}");
	CHECK_SAYS(json, "\"hits\":{\"25us\":71,\"100us\":72,");
	CHECK_SAYS(json, "\"1h\":0,\"more\":82,\"sum_us\":83}");
	free(json);
}

static void text_of_a_server_is_printable(void)
{
	struct status in = sample, out;
	char *json;

	strcpy(in.origin, "http://h/\n\x01\x9b""2J\xc2\x9b""2J\xff");
	strcpy(in.last_error, "ETag \xe2\x82\xac \x80");
	json = status_to_json(&in);
	CHECK(json != NULL);
	CHECK_EQ(parse(json, &out), 0);
	CHECK_STR(out.origin, "http://h/???2J??2J?");
	CHECK_STR(out.last_error, "ETag \xe2\x82\xac ?");
	free(json);
}

/* A valid object with one thing replaced. */
static int parse_with(const char *find, const char *replacement)
{
	struct status out;
	char *json = status_to_json(&sample), *at = strstr(json, find), text[4096];
	int err;

	CHECK(at != NULL);
	snprintf(text, sizeof text, "%.*s%s%s", (int)(at - json), json, replacement,
		 at + strlen(find));
	free(json);
	err = parse(text, &out);
	return err;
}

static void untrusted_bytes(void)
{
	static const char *const wrong[] = {
		"{}", "[]", "null", "1", "\"x\"", "{", "{\"state\":\"ready\"}", " ", "\n",
		"{\"state\":1}",
	};
	struct status out;
	char *json, *deep;
	size_t i, length;

	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		CHECK_EQ(parse(wrong[i], &out), -EINVAL);
	CHECK_EQ(status_from_json("", 0, &out), -EINVAL);
	/* Every cut short but for the newline. */
	json = status_to_json(&sample);
	length = strlen(json);
	for (i = 0; i < length - 1; i++)
		CHECK_EQ(status_from_json(json, i, &out), -EINVAL);
	CHECK_EQ(status_from_json(json, length - 1, &out), 0);
	free(json);
	deep = malloc(100000);
	CHECK(deep != NULL);
	memset(deep, '[', 100000);
	CHECK_EQ(status_from_json(deep, 100000, &out), -EINVAL);
	CHECK_EQ(status_from_json(deep, 60000, &out), -EINVAL);
	free(deep);
}

static void each_field_is_checked(void)
{
	char text[400];

	CHECK_EQ(parse_with("\"filling\"", "\"sleeping\""), -EINVAL);
	CHECK_EQ(parse_with("\"requests\":6", "\"requests\":-6"), -EINVAL);
	CHECK_EQ(parse_with("\"requests\":6", "\"requests\":6.5"), -EINVAL);
	CHECK_EQ(parse_with("\"requests\":6", "\"requests\":\"6\""), -EINVAL);
	CHECK_EQ(parse_with("\"requests\":6", "\"requests\":null"), -EINVAL);
	CHECK_EQ(parse_with("\"requests\":6", "\"reqests\":6"), -EINVAL);
	CHECK_EQ(parse_with("\"waiting\":9", "\"waiting\":4294967296"), -EINVAL);
	CHECK_EQ(parse_with("\"eta_s\":-1", "\"eta_s\":-5"), 0);
	CHECK_EQ(parse_with("\"hash\":32", "\"hash\":-1"), -EINVAL);
	CHECK_EQ(parse_with("\"hash\":32", "\"hash\":\"32\""), -EINVAL);
	CHECK_EQ(parse_with("\"outages\":{", "\"outages\":[],\"x\":{"), -EINVAL);
	CHECK_EQ(parse_with("\"outages\":{", "\"outages\":7,\"x\":{"), -EINVAL);
	/* An older daemon has fewer counters. */
	CHECK_EQ(parse_with("\"hash\":32", "\"mash\":{}"), 0);
	CHECK_EQ(parse_with("\"outages\":{", "\"x\":{"), 0);
	/* A newer daemon may say more. */
	CHECK_EQ(parse_with("{", "{\"new\":[1,{}],"), 0);
	snprintf(text, sizeof text, "\"last_error\":\"%0256d\",\"x\":\"", 0);
	CHECK_EQ(parse_with("\"last_error\":\"", text), -EINVAL);
	snprintf(text, sizeof text, "\"last_error\":\"%0255d\",\"x\":\"", 0);
	CHECK_EQ(parse_with("\"last_error\":\"", text), 0);
}

int main(void)
{
	what_is_written_can_be_read();
	names_say_what_was_counted();
	text_of_a_server_is_printable();
	untrusted_bytes();
	each_field_is_checked();
	return 0;
}
