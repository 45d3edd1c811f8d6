/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Functions without a word on threads run in the fetch thread.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "budget.h"
#include "clock.h"
#include "fetch.h"
#include "opening.h"
#include "rate.h"
#include "tree.h"

/* How often a waiting reader looks whether it is still wanted. */
#define PATIENCE_MS 250
#define IDLE_MS 60000
#define REQUEST_MIN_BLOCKS 16	/* 64 KiB */
#define REQUEST_MAX_BLOCKS 256	/* 1 MiB */
#define FILL_MIN_BLOCKS 4
/* Candidates looked at in one turn of the loop, so that nobody waits for them. */
#define BELIEVE_AT_ONCE 64
#define PREFETCH_INBOX 16

struct fetch {
	const struct options *options;
	const struct log *log;
	struct origins *origins;
	struct store *store;
	struct tree *tree;
	struct verity verity;
	struct plan plan;
	uint64_t size_bytes;
	bool fill;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock;		/* guards what follows, up to the gap */
	pthread_cond_t opened_wake;
	bool opened;
	struct waiter *inbox, **inbox_last;
	struct range prefetches[PREFETCH_INBOX];
	unsigned prefetch_count;
	struct status status;

	_Atomic bool stop;
	_Atomic uint64_t served_bytes;

	struct job *jobs;
	unsigned job_count;
	unsigned active[JOB_CLASSES];	/* transfers under way */
	bool tree_grew;
	uint64_t believe_at;
	uint64_t wasted_bytes, damaged_blocks;
	uint64_t progress_ms;		/* when bytes last verified */
	bool materialized;
	int64_t outage_since;
	struct rate rate;
};

static unsigned active_count(const struct fetch *f)
{
	unsigned i, n = 0;

	for (i = 0; i < JOB_CLASSES; i++)
		n += f->active[i];
	return n;
}

/* Readers */

static void finish(struct fetch *f, struct waiter *w, int result)
{
	pthread_mutex_lock(&f->lock);
	w->result = result;
	w->done = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&f->lock);
}

static void end_wait(struct fetch *f, struct waiter *w, int result)
{
	plan_remove(&f->plan, &w->want);
	finish(f, w, result);
}

/* Hands verified blocks to everybody who waits for them. */
static void deliver(struct fetch *f, uint64_t start, uint32_t count, const uint8_t *bytes)
{
	struct want *want = f->plan.first, *next;
	struct waiter *w;

	for (; want; want = next) {
		next = want->next;
		w = (struct waiter *)want;
		f->served_bytes += waiter_deliver(w, start, count, bytes);
		if (!w->left)
			end_wait(f, w, 0);
	}
}

/* Verified blocks: kept, handed over, and perhaps what others waited for to be
 * verified in turn.
 */
static void publish(struct fetch *f, uint64_t start, uint32_t count, const uint8_t *bytes)
{
	uint32_t i;

	store_put(f->store, start, count, bytes);
	for (i = 0; i < count; i++) {
		plan_acquit(&f->plan, start + i);
		if (tree_is_hash(f->tree, start + i)) {
			tree_keep(f->tree, start + i, bytes + (size_t)i * STORE_BLOCK);
			f->tree_grew = true;
		}
	}
	plan_release(&f->plan, start, count);
	deliver(f, start, count, bytes);
	f->progress_ms = clock_ms();
}

/* The store of an earlier run */

static void need_hash(struct fetch *f, uint64_t block);

/* Checks what an earlier run left in the store, and takes it if it verifies. */
static void believe(struct fetch *f, uint64_t block)
{
	uint8_t bytes[STORE_BLOCK];
	enum tree_verdict verdict = TREE_BAD;
	uint64_t needed;

	if (!store_read_candidate(f->store, block, bytes)) {
		verdict = tree_check(f->tree, block, bytes, &needed);
		if (verdict == TREE_UNKNOWN) {
			need_hash(f, needed);
			verdict = tree_check(f->tree, block, bytes, &needed);
		}
	}
	if (verdict == TREE_UNKNOWN)
		return;
	if (verdict == TREE_BAD) {
		if (!f->damaged_blocks++)
			log_say(f->log, LOG_NOTE, "store=%s: block %" PRIu64 " is damaged or was never written; such blocks are fetched again",
				f->options->store_path, block);
		store_drop(f->store, block);
		return;
	}
	store_believe(f->store, block);
	if (tree_is_hash(f->tree, block)) {
		tree_keep(f->tree, block, bytes);
		f->tree_grew = true;
	}
	deliver(f, block, 1, bytes);
}

/* Gets a hash block, from an earlier run or from an origin, and with it all that
 * it takes to check it.
 */
static void need_hash(struct fetch *f, uint64_t block)
{
	uint64_t parent;

	if (store_is_candidate(f->store, block)) {
		believe(f, block);
		if (store_has(f->store, block))
			return;
	}
	if (!store_is_candidate(f->store, block))
		plan_need_hash(&f->plan, block);
	if (tree_lacks_parent(f->tree, block, &parent))
		need_hash(f, parent);
}

static void believe_what_is_wanted(struct fetch *f)
{
	struct want *want, *next;
	struct waiter *w;
	uint64_t block;
	uint32_t i;

	if (!f->options->store_path)
		return;
	for (want = f->plan.first; want; want = next) {
		next = want->next;
		w = (struct waiter *)want;
		for (i = 0; i < want->count; i++) {
			block = want->start + i;
			/* The last block that is believed ends the wait. */
			if (w->left == 1 && waiter_misses(w, block) &&
			    store_is_candidate(f->store, block)) {
				believe(f, block);
				break;
			}
			if (waiter_misses(w, block) && store_is_candidate(f->store, block))
				believe(f, block);
		}
	}
}

/* Whether there may be more to look at. */
static bool believe_some(struct fetch *f)
{
	unsigned n = 0;

	if (!f->options->store_path)
		return false;
	for (; n < BELIEVE_AT_ONCE && f->believe_at < f->plan.blocks; f->believe_at++)
		if (store_is_candidate(f->store, f->believe_at)) {
			believe(f, f->believe_at);
			n++;
		}
	return f->believe_at < f->plan.blocks;
}

/* What arrives */

static void reject(struct fetch *f, struct job *job, uint32_t i)
{
	uint64_t block = job->start + i;
	char why[96];

	job_judge(job, i);
	f->wasted_bytes += STORE_BLOCK;
	snprintf(why, sizeof why, "block %" PRIu64 " does not verify", block);
	origins_blame(f->origins, job->request.origin, FAULT_CORRUPT, why);
	plan_release(&f->plan, block, 1);
	plan_suspect(&f->plan, block, job->request.origin, clock_ms(),
		     f->options->http.retry_max_ms);
	if (tree_is_hash(f->tree, block))
		need_hash(f, block);
}

/* Judges what has arrived of a job, as far as the hash blocks here allow. */
static void settle(struct fetch *f, struct job *job)
{
	uint32_t i = job->first_open, run = i;
	enum tree_verdict verdict;
	uint64_t needed;

	for (; i < job->arrived; i++) {
		if (job_is_judged(job, i)) {
			verdict = TREE_UNKNOWN;
			needed = UINT64_MAX;
		} else {
			verdict = tree_check(f->tree, job->start + i,
					     job->bytes + (size_t)i * STORE_BLOCK, &needed);
		}
		if (verdict == TREE_GOOD) {
			job_judge(job, i);
			/* The next block may be what this one is needed for. */
			if (!tree_is_hash(f->tree, job->start + i))
				continue;
			publish(f, job->start + run, i + 1 - run,
				job->bytes + (size_t)run * STORE_BLOCK);
			run = i + 1;
			continue;
		}
		if (i > run)
			publish(f, job->start + run, i - run,
				job->bytes + (size_t)run * STORE_BLOCK);
		run = i + 1;
		if (verdict == TREE_BAD)
			reject(f, job, i);
		else if (needed != UINT64_MAX)
			need_hash(f, needed);
	}
	if (i > run)
		publish(f, job->start + run, i - run,
			job->bytes + (size_t)run * STORE_BLOCK);
}

static void on_bytes(void *ctx, struct origin_request *request,
		     const uint8_t *bytes, size_t count)
{
	struct fetch *f = ctx;
	struct job *job = (struct job *)request;

	job_receive(job, bytes, count);
	if (f->tree)
		settle(f, job);
}

static void on_end(void *ctx, struct origin_request *request, enum fault fault)
{
	struct fetch *f = ctx;
	struct job *job = (struct job *)request;
	uint32_t i;

	job->ended = true;
	job->fault = fault;
	if (!f->tree)
		return;
	f->active[job->class]--;
	if (!fault)
		return;
	f->wasted_bytes += job->received - (uint64_t)job->arrived * STORE_BLOCK;
	plan_release(&f->plan, job->start + job->arrived, job->count - job->arrived);
	for (i = job->arrived; i < job->count; i++)
		job_judge(job, i);
}

/* A hash block whose fetch failed is asked for again for as long as there is
 * something to check with it.
 */
static void renew_hashes(struct fetch *f)
{
	struct job *job;
	uint64_t parent;

	for (job = f->jobs; job; job = job->next)
		if (job->first_open < job->arrived &&
		    tree_lacks_parent(f->tree, job->start + job->first_open, &parent))
			need_hash(f, parent);
}

/* New hash blocks may have been what older jobs waited for. */
static void settle_all(struct fetch *f)
{
	struct job *job;

	while (f->tree_grew) {
		f->tree_grew = false;
		for (job = f->jobs; job; job = job->next)
			settle(f, job);
	}
}

static void reap(struct fetch *f)
{
	struct job **at = &f->jobs, *job;

	while ((job = *at)) {
		if (!job->ended || job->judged < job->count) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		f->job_count--;
		job_free(job);
	}
}

/* What is asked for */

/* Blocks that the link carries in so many milliseconds. */
static uint32_t blocks_per(const struct fetch *f, unsigned ms, uint32_t least)
{
	uint64_t blocks = f->rate.bytes_per_s * ms / 1000 / STORE_BLOCK;

	if (blocks < least)
		return least;
	return blocks < REQUEST_MAX_BLOCKS ? (uint32_t)blocks : REQUEST_MAX_BLOCKS;
}

static void need_hashes_of(struct fetch *f, const struct extent *e)
{
	uint64_t block, parent;

	/* All blocks of one parent lie within FANOUT blocks of each other. */
	for (block = e->start; block < e->start + e->count; block += VERITY_FANOUT)
		if (tree_lacks_parent(f->tree, block, &parent))
			need_hash(f, parent);
	block = e->start + e->count - 1;
	if (tree_lacks_parent(f->tree, block, &parent))
		need_hash(f, parent);
}

static bool ask_for(struct fetch *f, const struct extent *e, enum job_class class)
{
	struct job *job = job_new(e, class, f->size_bytes);

	if (!job || origins_start(f->origins, &job->request)) {
		if (job)
			job_free(job);
		plan_release(&f->plan, e->start, e->count);
		if (class == JOB_HASH)
			plan_need_hash(&f->plan, e->start);
		return false;
	}
	job->next = f->jobs;
	f->jobs = job;
	f->job_count++;
	f->active[class]++;
	need_hashes_of(f, e);
	return true;
}

static bool may_fill(const struct fetch *f, uint32_t blocks)
{
	unsigned slots = f->options->http.connections;

	return f->fill && !f->plan.first && store_has_room(f->store, blocks) &&
	       f->active[JOB_FILL] < (slots > 1 ? slots - 1 : 1);
}

/* The next thing to ask for, by class; false when there is none. */
static bool next_extent(struct fetch *f, uint64_t now, struct extent *e, enum job_class *class)
{
	uint32_t demand = blocks_per(f, 500, REQUEST_MIN_BLOCKS);
	uint32_t fill = blocks_per(f, 250, FILL_MIN_BLOCKS);
	/* Blocks that wait for a hash block take memory: not without end. */
	bool room = f->job_count < 3 * f->options->http.connections + 4;

	*class = JOB_HASH;
	if (plan_next_hash(&f->plan, now, demand / 8, e))
		return true;
	*class = JOB_DEMAND;
	if (room && plan_next_demand(&f->plan, now, demand, e))
		return true;
	*class = JOB_FILL;
	return room && may_fill(f, fill) && plan_next_fill(&f->plan, now, fill, e);
}

static void ask_for_more(struct fetch *f)
{
	enum job_class class;
	struct extent e;

	while (active_count(f) < f->options->http.connections &&
	       !origins_wait_ms(f->origins) &&
	       next_extent(f, clock_ms(), &e, &class))
		if (!ask_for(f, &e, class))
			return;
}

/* The loop */

/* Whether anybody waits, or should be waiting, for an origin. */
static bool has_work(const struct fetch *f)
{
	return f->plan.first || f->plan.hash_count || f->plan.prefetch_count ||
	       f->job_count || (f->fill && !f->materialized && store_has_room(f->store, 1));
}

static enum status_state state_of(const struct fetch *f, bool outage)
{
	if (f->materialized)
		return STATUS_MATERIALIZED;
	if (outage && has_work(f))
		return STATUS_OUTAGE;
	if (!f->tree)
		return STATUS_OPENING;
	return f->fill && store_has_room(f->store, 1) ? STATUS_FILLING : STATUS_READY;
}

static int64_t eta_s(const struct fetch *f)
{
	uint64_t left;

	if (f->materialized)
		return 0;
	if (!f->fill || !f->rate.bytes_per_s ||
	    store_budget_bytes(f->store) < f->size_bytes)
		return -1;
	left = f->plan.blocks - store_present_blocks(f->store);
	return (int64_t)(left * STORE_BLOCK / f->rate.bytes_per_s);
}

static void update_status(struct fetch *f)
{
	struct origins_state o;
	struct want *want;
	struct status s = { .eta_s = -1 };

	origins_state(f->origins, &o);
	rate_update(&f->rate, clock_ms(), o.fetched_bytes, active_count(f) > 0);
	if (!o.outage)
		f->outage_since = 0;
	else if (!f->outage_since)
		f->outage_since = (int64_t)time(NULL);
	s.state = state_of(f, o.outage);
	s.outage_since = s.state == STATUS_OUTAGE || s.state == STATUS_OPENING ?
			 f->outage_since : 0;
	snprintf(s.origin, sizeof s.origin, "%s", o.url);
	snprintf(s.last_error, sizeof s.last_error, "%s", o.last_error);
	s.image_bytes = f->size_bytes;
	s.fetched_bytes = o.fetched_bytes;
	s.wasted_bytes = f->wasted_bytes;
	s.requests = o.requests;
	s.rate_bytes_per_s = f->rate.bytes_per_s;
	s.rtt_ms = o.rtt_ms;
	for (want = f->plan.first; want; want = want->next)
		s.waiting++;
	if (f->tree) {
		s.cache_bytes = store_budget_bytes(f->store);
		s.eta_s = eta_s(f);
	}
	pthread_mutex_lock(&f->lock);
	f->status = s;
	pthread_mutex_unlock(&f->lock);
}

static void tick(void *ctx)
{
	struct fetch *f = ctx;

	update_status(f);
	pthread_mutex_lock(&f->lock);
	pthread_cond_broadcast(&f->opened_wake);
	pthread_mutex_unlock(&f->lock);
}

static void admit(struct fetch *f, struct waiter *w)
{
	uint8_t bytes[STORE_BLOCK];
	uint64_t block, offset;
	uint32_t i, length;

	for (i = 0; i < w->want.count; i++) {
		block = w->want.start + i;
		if (!waiter_misses(w, block) || !store_has(f->store, block))
			continue;
		/* It came in the meantime. */
		offset = block * STORE_BLOCK;
		length = f->size_bytes - offset < STORE_BLOCK ?
			 (uint32_t)(f->size_bytes - offset) : STORE_BLOCK;
		if (store_read(f->store, bytes, offset, length))
			store_drop(f->store, block);	/* a bad disk */
		else
			f->served_bytes += waiter_deliver(w, block, 1, bytes);
	}
	w->since_ms = clock_ms();
	if (w->left)
		plan_add(&f->plan, &w->want);
	else
		finish(f, w, 0);
}

static void take_inbox(struct fetch *f)
{
	struct range prefetches[PREFETCH_INBOX];
	struct waiter *w, *next;
	unsigned i, n;

	pthread_mutex_lock(&f->lock);
	w = f->inbox;
	f->inbox = NULL;
	f->inbox_last = &f->inbox;
	n = f->prefetch_count;
	memcpy(prefetches, f->prefetches, n * sizeof prefetches[0]);
	f->prefetch_count = 0;
	pthread_mutex_unlock(&f->lock);
	for (; w; w = next) {
		next = w->next_in_inbox;
		admit(f, w);
	}
	for (i = 0; i < n; i++)
		plan_prefetch(&f->plan, prefetches[i].start,
			      prefetches[i].end - prefetches[i].start);
}

/* Lets go of readers that are gone, or that asked not to wait for ever. */
static void dismiss(struct fetch *f)
{
	int64_t outage_ms = f->options->outage_ms;
	uint64_t now = clock_ms(), since;
	struct want *want = f->plan.first, *next;
	struct waiter *w;

	for (; want; want = next) {
		next = want->next;
		w = (struct waiter *)want;
		since = w->since_ms > f->progress_ms ? w->since_ms : f->progress_ms;
		if (w->cancelled || f->stop)
			end_wait(f, w, -ESHUTDOWN);
		else if (outage_ms >= 0 && now - since >= (uint64_t)outage_ms)
			end_wait(f, w, -EIO);
	}
}

static void check_materialized(struct fetch *f)
{
	if (f->materialized == (store_present_blocks(f->store) == f->plan.blocks))
		return;
	f->materialized = !f->materialized;
	if (f->materialized)
		log_say(f->log, LOG_NOTE, "all %" PRIu64 " bytes are here and %s: no origin is needed any more",
			f->size_bytes, f->options->verify_none ? "NOT verified" : "verified");
}

/* How long the loop may sleep if no byte comes and nobody calls. */
static unsigned sleep_ms(const struct fetch *f)
{
	uint64_t ms = IDLE_MS, now = clock_ms(), suspect, rest;

	if (has_work(f) && active_count(f) < f->options->http.connections) {
		rest = origins_wait_ms(f->origins);
		if (rest && rest < ms)
			ms = rest;
		suspect = plan_next_suspect_ms(&f->plan);
		if (suspect != UINT64_MAX) {
			suspect = suspect > now ? suspect - now : 1;
			if (suspect < ms)
				ms = suspect;
		}
	}
	if ((f->plan.first || f->job_count) && ms > PATIENCE_MS)
		ms = PATIENCE_MS;
	return (unsigned)ms;
}

static void run(struct fetch *f)
{
	bool more = true;

	while (!f->stop) {
		take_inbox(f);
		believe_what_is_wanted(f);
		if (more)
			more = believe_some(f);
		renew_hashes(f);
		settle_all(f);
		dismiss(f);
		reap(f);
		ask_for_more(f);
		check_materialized(f);
		update_status(f);
		origins_poll(f->origins, more ? 0 : sleep_ms(f));
	}
	dismiss(f);
}

/* Start and end */

static void announce(const struct fetch *f)
{
	uint64_t budget = store_budget_bytes(f->store);

	log_say(f->log, LOG_NOTE, "image of %" PRIu64 " bytes; store %s holds up to %" PRIu64 " MiB, %s; fill is %s",
		f->size_bytes, f->options->store_path ? f->options->store_path : "in memory",
		budget >> 20, budget >= f->size_bytes ? "all of it" : "not all of it",
		f->fill ? "on" : "off");
	if (!f->options->verify_none && !f->verity.size_is_pinned && !f->options->size_bytes)
		log_say(f->log, LOG_NOTE, "this image was not made by farroot pack; give size=%" PRIu64 " to pin its size",
			f->size_bytes);
}

/* Everything that needs the size. */
static int set_up(struct fetch *f, struct opening *o)
{
	const struct options *options = f->options;
	const struct verity *verity = NULL;
	uint64_t budget;
	int err;

	f->size_bytes = o->size_bytes;
	if (!options->verify_none) {
		f->verity = o->verity;
		verity = &f->verity;
	}
	budget = budget_bytes(options, f->size_bytes, store_disk_fd(f->store));
	err = store_set_size(f->store, f->size_bytes, budget);
	if (!err)
		err = plan_init(&f->plan, f->store, (f->size_bytes + STORE_BLOCK - 1) / STORE_BLOCK);
	if (!err)
		err = tree_new(verity, f->store, &f->tree);
	if (err)
		return err;
	f->fill = options->fill == FILL_YES ||
		  (options->fill == FILL_DEFAULT && budget >= f->size_bytes);
	announce(f);
	if (o->top) {
		settle(f, o->top);
		job_free(o->top);
	}
	return 0;
}

static void fail_inbox(struct fetch *f)
{
	struct waiter *w, *next;

	pthread_mutex_lock(&f->lock);
	w = f->inbox;
	f->inbox = NULL;
	f->inbox_last = &f->inbox;
	pthread_mutex_unlock(&f->lock);
	for (; w; w = next) {
		next = w->next_in_inbox;
		finish(f, w, -ESHUTDOWN);
	}
}

static void *fetch_thread(void *ctx)
{
	struct fetch *f = ctx;
	struct opening o = { .origins = f->origins, .options = f->options,
			     .log = f->log, .stop = &f->stop, .tick = tick, .ctx = f };
	int err;

	err = opening_run(&o);
	if (!err)
		err = set_up(f, &o);
	pthread_mutex_lock(&f->lock);
	f->opened = !err;
	if (err)
		f->stop = true;
	pthread_cond_broadcast(&f->opened_wake);
	pthread_mutex_unlock(&f->lock);
	if (!err)
		run(f);
	fail_inbox(f);
	return NULL;
}

int fetch_new(const struct options *options, const struct log *log, struct fetch **out)
{
	struct fetch *f = calloc(1, sizeof *f);
	struct origin_sink sink = { .bytes = on_bytes, .end = on_end, .ctx = f };
	pthread_condattr_t attr;
	int err;

	if (!f)
		return -ENOMEM;
	f->options = options;
	f->log = log;
	f->inbox_last = &f->inbox;
	f->plan.last = &f->plan.first;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->opened_wake, &attr);
	pthread_condattr_destroy(&attr);
	err = store_new(options->store_path, log, &f->store);
	if (!err)
		err = origins_new(options, log, &sink, &f->origins);
	if (err) {
		fetch_free(f);
		return err;
	}
	if (options->verify_none)
		log_say(log, LOG_WARN, "verify=none: NOTHING IS VERIFIED; whoever controls the link or the origin controls this machine");
	*out = f;
	return 0;
}

int fetch_start(struct fetch *f)
{
	sigset_t all, before;
	int err;

	f->status.eta_s = -1;
	f->progress_ms = clock_ms();
	/* Signals are the front end's business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&f->thread, NULL, fetch_thread, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	f->started = !err;
	return -err;
}

void fetch_free(struct fetch *f)
{
	struct job *job;

	if (!f)
		return;
	if (f->started) {
		f->stop = true;
		origins_wake(f->origins);
		pthread_join(f->thread, NULL);
	}
	origins_free(f->origins);
	while ((job = f->jobs)) {
		f->jobs = job->next;
		job_free(job);
	}
	plan_free(&f->plan);
	tree_free(f->tree);
	if (f->tree && !f->options->verify_none)
		verity_free(&f->verity);
	store_free(f->store);
	pthread_cond_destroy(&f->opened_wake);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* Called by other threads */

static void deadline_in(struct timespec *at, unsigned ms)
{
	clock_gettime(CLOCK_MONOTONIC, at);
	at->tv_nsec += (long)ms * 1000000;
	at->tv_sec += at->tv_nsec / 1000000000;
	at->tv_nsec %= 1000000000;
}

int fetch_wait_open(struct fetch *f, fetch_gone *gone, void *ctx)
{
	uint64_t began = clock_ms();
	struct timespec at;
	int result = 0;

	pthread_mutex_lock(&f->lock);
	while (!f->opened && !result) {
		deadline_in(&at, PATIENCE_MS);
		pthread_cond_timedwait(&f->opened_wake, &f->lock, &at);
		pthread_mutex_unlock(&f->lock);
		if (f->stop || (gone && gone(ctx)))
			result = -ESHUTDOWN;
		else if (f->options->outage_ms >= 0 &&
			 clock_ms() - began >= (uint64_t)f->options->outage_ms)
			result = -EIO;
		pthread_mutex_lock(&f->lock);
	}
	if (f->opened)
		result = 0;
	pthread_mutex_unlock(&f->lock);
	return result;
}

uint64_t fetch_size(const struct fetch *f)
{
	return f->size_bytes;
}

struct store *fetch_store(const struct fetch *f)
{
	return f->store;
}

int fetch_wait(struct fetch *f, struct waiter *w, fetch_gone *gone, void *ctx)
{
	struct timespec at;
	bool first;

	pthread_mutex_lock(&f->lock);
	first = !f->inbox;
	*f->inbox_last = w;
	f->inbox_last = &w->next_in_inbox;
	pthread_mutex_unlock(&f->lock);
	if (first)
		origins_wake(f->origins);
	pthread_mutex_lock(&f->lock);
	while (!w->done) {
		deadline_in(&at, PATIENCE_MS);
		pthread_cond_timedwait(&w->wake, &f->lock, &at);
		if (w->done || w->cancelled || !gone)
			continue;
		pthread_mutex_unlock(&f->lock);
		if (gone(ctx)) {
			w->cancelled = true;
			origins_wake(f->origins);
		}
		pthread_mutex_lock(&f->lock);
	}
	pthread_mutex_unlock(&f->lock);
	return w->result;
}

void fetch_prefetch(struct fetch *f, uint64_t start, uint64_t count)
{
	pthread_mutex_lock(&f->lock);
	if (f->prefetch_count < PREFETCH_INBOX)
		f->prefetches[f->prefetch_count++] = (struct range){ start, start + count };
	pthread_mutex_unlock(&f->lock);
	origins_wake(f->origins);
}

void fetch_count_served(struct fetch *f, uint64_t bytes)
{
	atomic_fetch_add_explicit(&f->served_bytes, bytes, memory_order_relaxed);
}

void fetch_status(struct fetch *f, struct status *out)
{
	pthread_mutex_lock(&f->lock);
	*out = f->status;
	if (f->opened) {
		out->present_bytes = store_present_blocks(f->store) * STORE_BLOCK;
		if (out->present_bytes > out->image_bytes)
			out->present_bytes = out->image_bytes;
	}
	pthread_mutex_unlock(&f->lock);
	out->served_bytes = f->served_bytes;
}
