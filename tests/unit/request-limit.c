/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/policy/request-limit.h"

static struct request_limit l;

/* Returns after how many good answers the limit rises. */
static unsigned answers_until_it_rises(void)
{
	unsigned before = l.requests, n = 0;

	for (; l.requests == before && n < 10000; n++)
		request_limit_answer(&l);
	CHECK_EQ(l.requests, before + 1);
	return n;
}

static void no_limit_without_a_refusal(void)
{
	l = (struct request_limit){ 0 };
	request_limit_answer(&l);
	CHECK_EQ(l.requests, 0);
	CHECK(!request_limit_explains(&l, 0));
}

static void the_least_number_counts(void)
{
	l = (struct request_limit){ 0 };
	request_limit_lower(&l, 5, 1000);
	CHECK_EQ(l.requests, 5);
	request_limit_lower(&l, 3, 1001);
	CHECK_EQ(l.requests, 3);
	request_limit_lower(&l, 4, 1002);
	CHECK_EQ(l.requests, 3);
	/* Refusals together are one fall: the limit rises as soon as after one. */
	CHECK_EQ(answers_until_it_rises(), 64);
}

static void it_rises_more_slowly_each_time(void)
{
	unsigned expected = 64, i;

	l = (struct request_limit){ 0 };
	for (i = 0; i < 10; i++) {
		request_limit_lower(&l, 2, 1000);
		CHECK_EQ(answers_until_it_rises(), expected);
		request_limit_answer(&l);
		expected = expected < 4096 ? 2 * expected : 4096;
	}
}

static void a_refusal_begins_the_count_again(void)
{
	unsigned i;

	l = (struct request_limit){ 0 };
	request_limit_lower(&l, 2, 1000);
	for (i = 0; i < 63; i++)
		request_limit_answer(&l);
	request_limit_lower(&l, 2, 1000);
	CHECK_EQ(answers_until_it_rises(), 64);
}

static void the_last_of_several(void)
{
	l = (struct request_limit){ 0 };
	request_limit_lower(&l, 2, 1000);
	CHECK(request_limit_explains(&l, 999));
	CHECK(!request_limit_explains(&l, 1000));
}

static void a_server_that_ends_has_no_limit(void)
{
	l = (struct request_limit){ 0 };
	request_limit_lower(&l, 2, 1000);
	request_limit_fail(&l, 4000);
	CHECK_EQ(l.requests, 2);
	request_limit_fail(&l, 3999);
	CHECK_EQ(l.requests, 0);
}

int main(void)
{
	no_limit_without_a_refusal();
	the_least_number_counts();
	it_rises_more_slowly_each_time();
	a_refusal_begins_the_count_again();
	the_last_of_several();
	a_server_that_ends_has_no_limit();
	return 0;
}
