/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "../slack.h"
#include "common/profile.h"
#include "costs.h"

#define ENGINE_NAME "trial-engine"
#define OTHERS_NAME "trial-others"

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* A trial lasts for less than a minute. */
#define LOG_LINES_MAX 20
/* For each origin, beside what the image needs: at first, and in each second.  With retry-max=0.2, of
 * which up to a half is left to chance, an origin that fails is asked 5 to 10 times a second.
 */
#define REQUESTS 30
#define REQUESTS_PER_S 8
/* For each origin, beside what is needed: at first, which has the 4 MiB of wrong bytes that are taken
 * before an origin gets a pause, and each time that the seconds double.
 */
#define BYTES (5U << 20)
#define BYTES_PER_DOUBLING (256U << 10)
/* What sockets and a relay hold of a long body of an error, until the client has left. */
#define PAGE_BYTES (512U << 10)
/* For a restart with everything there. */
#define KEPT_BYTES (16U << 10)
#define KEPT_REQUESTS 8
/* One request may be early for each 8 times that Retry-After was sent. */
#define ASKED_PER_HASTY 8
/* Beside those that the origins' faults have ended, and connections= for each origin, which may
 * be opened ahead, and for each time-out: after silence the others are not used again.
 */
#define CONNECTIONS 4
#define CONNECTIONS_PER_S 3
#define REQUESTS_PER_CONNECTION 10
/* Requests in flight together learn a redirect or a limit together, so connections= is added for
 * each origin; a fault may make the engine forget a target, and the connections that it has.  A
 * server that does not notice at once that a client has gone refuses each retry meanwhile.
 */
#define REDIRECTS 4
#define REDIRECTS_PER_S 2
#define REDIRECTS_PER_FAULT 2
#define OVER_LIMIT 2
#define OVER_LIMIT_PER_S 8
#define OVER_LIMIT_PER_FAULT 1
/* Beside the store, which may hold the image.  The readers, the origins and the relays of this
 * process have a part of it.
 */
#define MEMORY_BYTES (28U << 20)
/* Twice what the slowest machine needed.  A thread that does not sleep is found even if ten of
 * them share a processor; workers.c starts fewer.
 */
#define CPU_MS 200
#define CPU_PERCENT 8
/* For what is fetched, and for a kept store. */
#define CPU_MS_PER_MB 50
#define CPU_US_PER_REQUEST 600
#define CPU_MS_PER_HANDSHAKE 8
/* Code with a sanitizer is slower. */
#define CPU_FACTOR (SANITIZED ? 10 : 1)

static unsigned check(const char *what, uint64_t value, uint64_t most)
{
	if (value <= most)
		return 0;
	fprintf(stderr, "FAIL: too %s: %" PRIu64 ", at most %" PRIu64 "\n", what, value, most);
	return 1;
}

static uint64_t seconds_of(const struct costs *c)
{
	return c->ms / 1000 + 1;
}

/* The logarithm of 2, rounded up. */
static unsigned doublings(uint64_t s)
{
	unsigned n = 0;

	while (s >> n)
		n++;
	return n;
}

/* With a cache that does not hold the image, each block that is read may be fetched again. */
static uint64_t needed_bytes(const struct costs *c, const struct costs_task *t)
{
	return t->image_bytes + (t->small_cache ? c->asked_bytes : 0);
}

static unsigned judge_traffic(const struct costs *c, const struct costs_task *t)
{
	uint64_t s = seconds_of(c), needed = needed_bytes(c, t);

	if (t->kept)
		return check("many requests after a restart", c->requests, KEPT_REQUESTS) +
		       check("many bytes after a restart", c->bytes, KEPT_BYTES);
	return check("many requests", c->requests, needed / COSTS_REQUEST_BYTES +
		     t->origins * (REQUESTS + REQUESTS_PER_S * s) + c->expired + c->redirects + c->hops +
		     c->torn) +
	       check("many bytes were sent", c->bytes, needed * 5 / 4 + PROFILE_MAX_BYTES + c->long_pages * PAGE_BYTES +
		     t->origins * (BYTES + BYTES_PER_DOUBLING * doublings(s)));
}

static unsigned judge_connections(const struct costs *c, const struct costs_task *t)
{
	uint64_t most = t->origins * (CONNECTIONS + t->connections) + CONNECTIONS_PER_S * seconds_of(c) +
			c->requests / REQUESTS_PER_CONNECTION + c->timeouts * t->connections;

	return check("many connections", c->connections, most + c->spoilt);
}

/* What a server asked for once is heeded.  A request in flight may be redirected then. */
static unsigned judge_servers_wishes(const struct costs *c, const struct costs_task *t)
{
	uint64_t s = seconds_of(c), redirects, tries;
	unsigned failures;

	redirects = t->origins * (REDIRECTS + t->connections) + REDIRECTS_PER_S * s + c->expired +
		    REDIRECTS_PER_FAULT * (c->faults + c->timeouts + c->over_limit);
	tries = t->origins * OVER_LIMIT + t->connections + OVER_LIMIT_PER_S * s +
		OVER_LIMIT_PER_FAULT * (c->faults + c->timeouts);
	failures = check("many requests before Retry-After", c->hasty, 1 + c->asked / ASKED_PER_HASTY) +
		   check("many requests soon after Retry-After", c->in_flight,
			 c->asked * t->connections + c->redirects + c->hops) +
		   check("many requests for a profile before Retry-After", c->profile_hasty, 0);
	return failures + check("many redirects", c->redirects, redirects) +
	       check("many tries beyond a limit", c->over_limit, tries);
}

static unsigned judge_machine(const struct costs *c, const struct costs_task *t)
{
	uint64_t cpu_ms = CPU_MS + c->ms * CPU_PERCENT / 100 + c->bytes / 1000000 * CPU_MS_PER_MB +
			  t->image_bytes / 1000000 * CPU_MS_PER_MB + c->requests * CPU_US_PER_REQUEST / 1000;
	unsigned failures;

	if (t->tls)
		cpu_ms += CPU_MS_PER_HANDSHAKE * c->connections;
	failures = check("many ms of CPU", c->cpu_ms, slack(CPU_FACTOR * cpu_ms));
	/* A sanitizer keeps what is freed. */
	if (!SANITIZED)
		failures += check("many bytes of memory", c->memory_bytes, t->image_bytes + MEMORY_BYTES);
	return failures;
}

unsigned costs_judge(const struct costs *c, const struct costs_task *t)
{
	return check("many lines of log", c->log_lines, LOG_LINES_MAX) + judge_traffic(c, t) +
	       judge_connections(c, t) + judge_servers_wishes(c, t) + judge_machine(c, t);
}

void costs_print(const struct costs *c, const struct costs_task *t)
{
	fprintf(stderr, "task: %" PRIu64 " bytes, %u origins, %u connections%s%s\n",
		t->image_bytes, t->origins, t->connections, t->small_cache ? ", small cache" : "",
		t->kept ? ", kept" : "");
	fprintf(stderr, "costs: %" PRIu64 " ms, %" PRIu64 " lines, %" PRIu64 " requests, %" PRIu64 " bytes, %" PRIu64
		" asked, %" PRIu64 " connections (%" PRIu64 " spoilt), %" PRIu64 " KiB of memory, %" PRIu64 " ms of CPU, ",
		c->ms, c->log_lines, c->requests, c->bytes, c->asked_bytes, c->connections, c->spoilt,
		c->memory_bytes / 1024, c->cpu_ms);
	fprintf(stderr, "%" PRIu64 " faults, %" PRIu64 " time-outs, %" PRIu64 " redirects, %" PRIu64 " expired, %" PRIu64
		" over the limit, %" PRIu64 " + %" PRIu64 " of %" PRIu64 " hasty, profile %" PRIu64 " of %" PRIu64 "\n",
		c->faults, c->timeouts, c->redirects, c->expired, c->over_limit, c->in_flight, c->hasty, c->asked,
		c->profile_hasty, c->profile_asked);
}

uint64_t costs_peak_bytes(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? 0 : (uint64_t)usage.ru_maxrss * 1024;
}

int costs_start_engine(const struct options *options, const struct log *log, struct image **image)
{
	int err;

	prctl(PR_SET_NAME, ENGINE_NAME);
	err = image_new(options, log, image);
	if (!err)
		err = image_start(*image, NULL, NULL);
	prctl(PR_SET_NAME, OTHERS_NAME);
	return err;
}

bool costs_is_engine(void)
{
	char name[16] = "";

	return !prctl(PR_GET_NAME, name) && !strcmp(name, ENGINE_NAME);
}

static bool read_text(const char *thread, const char *file, char *text, size_t size)
{
	char path[300];
	size_t got = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%s/%s", thread, file);
	f = fopen(path, "re");
	if (f) {
		got = fread(text, 1, size - 1, f);
		fclose(f);
	}
	text[got] = '\0';
	return got > 0;
}

uint64_t costs_engine_cpu_ms(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	char text[128];
	uint64_t ns = 0;

	while (tasks && (entry = readdir(tasks)))
		if (entry->d_name[0] != '.' && read_text(entry->d_name, "comm", text, sizeof text) &&
		    !strncmp(text, ENGINE_NAME "\n", sizeof ENGINE_NAME) &&
		    read_text(entry->d_name, "schedstat", text, sizeof text))
			ns += strtoull(text, NULL, 10);
	if (tasks)
		closedir(tasks);
	return ns / 1000000;
}
