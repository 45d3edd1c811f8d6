/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/status.h"
#include "tool/status-prometheus.h"

#define US_PER_S 1000000

/* What follows belongs to this metric. */
static void begin(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_unsigned(FILE *to, const char *type, const char *name, bool is_known, uint64_t value,
			 const char *help)
{
	begin(to, name, type, help);
	if (is_known)
		fprintf(to, "%s %" PRIu64 "\n", name, value);
}

static void gauge(FILE *to, const char *name, uint64_t value, const char *help)
{
	put_unsigned(to, "gauge", name, true, value, help);
}

/* A value below least means that it is not known. */
static void gauge_if_known(FILE *to, const char *name, int64_t value, int64_t least, const char *help)
{
	put_unsigned(to, "gauge", name, value >= least, (uint64_t)value, help);
}

static void counter(FILE *to, const char *name, uint64_t value, const char *help)
{
	put_unsigned(to, "counter", name, true, value, help);
}

/* A counter for each name that is not NULL, as the value of a label. */
static void counters(FILE *to, const char *name, const char *label, const char *const *names, size_t count,
		     const uint64_t *values, const char *help)
{
	size_t i;

	begin(to, name, "counter", help);
	for (i = 0; i < count; i++)
		if (names[i])
			fprintf(to, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, names[i], values[i]);
}

/* The text of a server as the value of a label. */
static void put_label(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', to);
		fputc(*text, to);
	}
}

static void put_state(FILE *to, enum status_state present)
{
	unsigned state;

	begin(to, "farroot_state", "gauge", "1 for the present state, 0 for the others.");
	for (state = 0; state < STATUS_STATES; state++)
		fprintf(to, "farroot_state{state=\"%s\"} %d\n", status_state_name((enum status_state)state),
			state == present);
}

static void put_origin(FILE *to, const char *url)
{
	begin(to, "farroot_origin_info", "gauge", "Always 1; the label has the URL in use.");
	if (!url[0])
		return;
	fputs("farroot_origin_info{url=\"", to);
	put_label(to, url);
	fputs("\"} 1\n", to);
}

static void put_round_trip(FILE *to, unsigned ms)
{
	begin(to, "farroot_round_trip_seconds", "gauge", "Shortest round trip to the origin of late.");
	if (ms)
		fprintf(to, "farroot_round_trip_seconds %u.%03u\n", ms / 1000, ms % 1000);
}

#define READS "farroot_read_duration_seconds"

static void put_latency(FILE *to, const char *result, const struct latency *latency)
{
	uint64_t reads = 0;
	unsigned i;

	for (i = 0; i < LATENCY_BUCKETS; i++) {
		reads += latency->buckets[i];
		fprintf(to, READS "_bucket{result=\"%s\",le=\"", result);
		if (i < LATENCY_BUCKETS - 1)
			fprintf(to, "%g\"} %" PRIu64 "\n", (double)latency_bound_us(i) / US_PER_S, reads);
		else
			fprintf(to, "+Inf\"} %" PRIu64 "\n", reads);
	}
	fprintf(to, READS "_sum{result=\"%s\"} %" PRIu64 ".%06" PRIu64 "\n", result,
		latency->sum_us / US_PER_S, latency->sum_us % US_PER_S);
	fprintf(to, READS "_count{result=\"%s\"} %" PRIu64 "\n", result, reads);
}

static void put_image(FILE *to, const struct status *s)
{
	put_state(to, s->state);
	put_origin(to, s->origin);
	gauge(to, "farroot_image_bytes", s->image_bytes, "Size of the image; 0: not open yet.");
	put_unsigned(to, "gauge", "farroot_uncompressed_bytes", s->seekable.frames,
		     s->seekable.uncompressed_bytes, "Size of what is compressed in the image.");
	gauge(to, "farroot_present_bytes", s->present_bytes, "Bytes of the image that are present.");
	gauge(to, "farroot_cache_bytes", s->cache_bytes, "Capacity of the cache.");
	gauge(to, "farroot_ready_needs_bytes", s->ready_needs_bytes, "Absent bytes of the profile.");
	gauge(to, "farroot_ready", s->is_ready, "1: all that the profile lists is present.");
	put_unsigned(to, "gauge", "farroot_budget_bytes", s->budget_bytes, s->budget_bytes,
		     "Data quota, if there is one.");
	put_unsigned(to, "gauge", "farroot_budget_left_bytes", s->budget_bytes, s->budget_left_bytes,
		     "Rest of the data quota that the fill may use.");
	gauge_if_known(to, "farroot_eta_seconds", s->eta_s, 0, "Time until the image is materialized.");
}

static void put_origins(FILE *to, const struct status *s)
{
	counters(to, "farroot_fetched_bytes_total", "class", status_class_names, STATUS_CLASSES,
		 s->fetched_by_class, "Bytes received from origins, by the class of the request.");
	counter(to, "farroot_wasted_bytes_total", s->wasted_bytes, "Bytes received and discarded.");
	counter(to, "farroot_requests_total", s->requests, "Requests sent to origins.");
	counters(to, "farroot_answers_total", "status", status_answer_names, STATUS_ANSWERS, s->answers,
		 "Answers of servers, by the class of their status.");
	counters(to, "farroot_faults_total", "kind", status_fault_names, FAULT_KINDS, s->faults,
		 "Requests that are sent again because of a fault, and blocks that did not verify (corrupt).");
	put_unsigned(to, "gauge", "farroot_link_bytes_per_second", s->rate_bytes_per_s, s->rate_bytes_per_s,
		     "Bandwidth that was measured last.");
	put_round_trip(to, s->rtt_ms);
	counter(to, "farroot_outages_total", s->outages.count, "Outages that delayed something.");
	counter(to, "farroot_outage_seconds_total", s->outages.seconds, "Time spent in these outages.");
	gauge_if_known(to, "farroot_outage_start_time_seconds", s->outage_since, 1,
		       "Start of the present outage, in seconds since 1970.");
	gauge(to, "farroot_corrupt_blocks", s->corrupt_blocks, "Blocks that did not verify and were not replaced.");
	gauge_if_known(to, "farroot_corrupt_start_time_seconds", s->corrupt_since, 1,
		       "Time of the first of these blocks, in seconds since 1970.");
	gauge_if_known(to, "farroot_last_error_age_seconds", s->last_error_age_s, 0,
		       "Time since the last error.");
}

static void put_reads(FILE *to, const struct status *s)
{
	counter(to, "farroot_served_bytes_total", s->served_bytes, "Bytes sent to clients.");
	gauge(to, "farroot_waiting_reads", s->waiting, "Reads that wait for absent blocks.");
	begin(to, READS, "histogram", "Time of the reads that have waited for no block (hit), and for some (miss).");
	put_latency(to, "hit", &s->hits);
	put_latency(to, "miss", &s->misses);
}

void status_prometheus_write(const struct status *s, FILE *to)
{
	put_image(to, s);
	put_origins(to, s);
	put_reads(to, s);
}
