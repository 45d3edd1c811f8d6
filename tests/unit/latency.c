/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <pthread.h>

#include "check.h"
#include "common/latency.h"

#define THREADS 4
#define READS 100000

static struct latency_counter counter;

static void bounds_rise(void)
{
	unsigned i;

	for (i = 1; i < LATENCY_BUCKETS - 1; i++)
		CHECK(latency_bound_us(i) > latency_bound_us(i - 1));
	CHECK(latency_bound_us(0) <= 100);
	CHECK_EQ(latency_bound_us(LATENCY_BUCKETS - 2), 3600000000);
}

static void each_read_is_in_one_bucket(void)
{
	struct latency_counter c = { 0 };
	struct latency out;
	uint64_t bound_ns, sum_ns = 0;
	unsigned i;

	for (i = 0; i < LATENCY_BUCKETS - 1; i++) {
		bound_ns = latency_bound_us(i) * 1000;
		latency_add(&c, bound_ns);	/* in this one */
		latency_add(&c, bound_ns + 1);	/* in the next one */
		sum_ns += 2 * bound_ns + 1;
	}
	latency_add(&c, 0);
	latency_copy(&c, &out);
	CHECK_EQ(out.buckets[0], 2);
	for (i = 1; i < LATENCY_BUCKETS - 1; i++)
		CHECK_EQ(out.buckets[i], 2);
	CHECK_EQ(out.buckets[LATENCY_BUCKETS - 1], 1);
	CHECK_EQ(out.sum_us, sum_ns / 1000);
}

static void *add_many(void *ctx)
{
	unsigned i;

	(void)ctx;
	for (i = 0; i < READS; i++)
		latency_add(&counter, 1000);
	return NULL;
}

static void no_read_of_many_threads_is_lost(void)
{
	pthread_t threads[THREADS];
	struct latency out;
	unsigned i;

	for (i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, add_many, NULL));
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	latency_copy(&counter, &out);
	CHECK_EQ(out.buckets[0], THREADS * READS);
	CHECK_EQ(out.sum_us, THREADS * READS);
}

int main(void)
{
	bounds_rise();
	each_read_is_in_one_bucket();
	no_read_of_many_threads_is_lost();
	return 0;
}
