/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What a server is like, beside the faults of hostile-faults.h: its profile,
 * redirects to targets that expire, a limit of requests or connections at once, a stale cache.
 *
 * A nature is drawn from the seed.  Any number of threads may answer at the same time.
 */
#ifndef FARROOT_TEST_ACTORS_H
#define FARROOT_TEST_ACTORS_H

#include <pthread.h>

#include "hostile-reply.h"
#include "prng.h"

/* PROFILE_IMAGE: the image, as under any path. */
enum profile_kind {
	PROFILE_IMAGE, PROFILE_GOOD, PROFILE_STALE, PROFILE_LONG, PROFILE_OVERLAPS,
	PROFILE_NUMBERS, PROFILE_REFUSED, PROFILE_ENDLESS, PROFILE_SLOW, PROFILE_KINDS
};

/* All zero: a plain server. */
struct nature {
	uint64_t seed;
	enum profile_kind profile;
	unsigned profile_status;	/* before it, or instead of it */
	unsigned profile_refusals;	/* the number of requests that get the status */
	unsigned profile_wait_s;	/* Retry-After of these; 0: none */
	unsigned page_bytes;		/* of the body of an error or a redirect; 0: a few */
	unsigned target_ms;		/* redirects to targets that live this long; 0: none */
	unsigned target_status;		/* of an expired target */
	unsigned limit;			/* of requests at once; 0: none */
	unsigned limit_status;		/* 0: a limit of connections at once, by reset */
	unsigned stale_percent;		/* of the slices of a cache; 0: no cache */
	unsigned stale_more;		/* bytes that the older image has more */
	bool asks_again;		/* the cache, when a request says no-cache */
	uint64_t sick_block, sick_blocks;	/* of the image, that never come right; 0: none */
};

/* What has happened. */
struct actors_counts {
	uint64_t profile_requests;
	uint64_t profile_answer_ms;	/* of the last answer for a profile, and what it was: */
	bool profile_may_come;		/* a status that may pass */
	bool profile_is_good;
	uint64_t redirects, expired;	/* answers of this kind */
	uint64_t over_limit;		/* requests or connections refused */
	uint64_t profile_asked, profile_hasty;	/* times of Retry-After, and requests before its end */
};

#define TARGETS 256

struct actors {
	struct nature nature;
	pthread_mutex_t lock;		/* guards what follows */
	struct actors_counts counts;
	uint64_t first_asked_ms[TARGETS];	/* of the last targets; 0: not yet */
	unsigned requests, connections;	/* at the moment */
	uint64_t profile_quiet_ms;	/* the end of the last Retry-After */
};

void actors_begin(struct actors *actors, const struct nature *nature);
void actors_end(struct actors *actors);

/* Draws what a server is like.  verified: a hash detects wrong bytes. */
void nature_draw(struct nature *nature, struct prng *r, bool verified);
void nature_describe(const struct nature *nature);

/* Answers a request unless it is of no actor's interest: then returns false.  An answer of an
 * older image is decision.kind HOSTILE_REPLACED.
 */
bool actors_answer(struct actors *actors, struct hostile_request *request,
		   enum hostile_after *after);

struct actors_counts actors_counts(struct actors *actors);

/* actor-profile.c */
enum hostile_after actor_profile_answer(struct actors *actors, const struct hostile_request *request);
const char *actor_profile_name(enum profile_kind kind);

/* These answer if they have to and return whether they did. */
bool actor_redirect_answer(struct actors *actors, const struct hostile_request *request,
			   enum hostile_after *after);
bool actor_cache_answer(struct actors *actors, struct hostile_request *request,
			enum hostile_after *after);
bool actor_sick_answer(struct actors *actors, struct hostile_request *request,
		       enum hostile_after *after);

/* A connection begins and ends; false: reset it instead. */
bool actor_limit_enter(struct actors *actors);
void actor_limit_leave(struct actors *actors);
/* A request begins; returns whether it was answered, because it is one too many.  Otherwise call
 * actor_limit_end.
 */
bool actor_limit_begin(struct actors *actors, const struct hostile_request *request,
		       enum hostile_after *after);
void actor_limit_end(struct actors *actors);

#endif
