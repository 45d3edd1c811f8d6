/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The time is that of the machine plus the sum of the jumps.  A thread that waits for a time
 * enters a list and sleeps until its file or condition is told; one more thread looks in /proc
 * whether all others sleep.  That is so twice, and a moment apart, because a softirq may be on its way
 * to deliver what a socket has sent.
 */
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "costs.h"
#include "jumping-clock.h"

#define NS_PER_S 1000000000ULL
#define LOOK_NS 20000
#define QUIET_LOOKS 2
#define FDS_MAX 256
/* While names are looked up, libcurl polls each millisecond, sometimes: in a poll of the engine, time
 * passes in steps of this size.
 */
#define GRAIN_MS 200

struct sleeper {
	struct sleeper *next;
	uint64_t until_ns;
	int wake;		/* an eventfd, or -1 */
	pthread_cond_t *cond;	/* or NULL */
};

static _Atomic bool is_on;
static _Atomic uint64_t jumped_ns;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sleeper *sleepers;

static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_poll)(struct pollfd *, nfds_t, int);
static int (*real_nanosleep)(const struct timespec *, struct timespec *);
static int (*real_timedwait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

static void find(const char *name, void *function)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (!symbol)
		abort();
	memcpy(function, &symbol, sizeof symbol);
}

__attribute__((constructor)) static void find_all(void)
{
	find("clock_gettime", &real_gettime);
	find("poll", &real_poll);
	find("nanosleep", &real_nanosleep);
	find("pthread_cond_timedwait", &real_timedwait);
}

static uint64_t to_ns(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_nsec;
}

static struct timespec of_ns(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S) };
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return to_ns(&now);
}

static void enter(struct sleeper *s)
{
	pthread_mutex_lock(&lock);
	s->next = sleepers;
	sleepers = s;
	pthread_mutex_unlock(&lock);
}

static void leave(struct sleeper *s)
{
	struct sleeper **at = &sleepers;

	pthread_mutex_lock(&lock);
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	pthread_mutex_unlock(&lock);
}

/* What replaces the functions of libc. */

int clock_gettime(clockid_t clock, struct timespec *out)
{
	bool is_time = clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_REALTIME ||
		       clock == CLOCK_BOOTTIME || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_REALTIME_COARSE;
	int err;

	/* Before the constructor, by the dynamic linker. */
	if (!real_gettime)
		return (int)syscall(SYS_clock_gettime, clock, out);
	err = real_gettime(clock, out);
	if (!err && is_time && jumped_ns)
		*out = of_ns(to_ns(out) + jumped_ns);
	return err;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *out, void *zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){ .tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000 };
	return 0;
}

static int poll_until(struct pollfd *fds, nfds_t count, uint64_t ns)
{
	struct sleeper me = { .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	struct pollfd all[FDS_MAX];
	int ready;

	if (me.wake < 0 || count >= FDS_MAX)
		abort();
	if (count)
		memcpy(all, fds, count * sizeof *fds);
	all[count] = (struct pollfd){ .fd = me.wake, .events = POLLIN };
	me.until_ns = now_ns() + ns;
	enter(&me);
	ready = real_poll(all, count + 1, -1);
	leave(&me);
	close(me.wake);
	if (ready > 0 && all[count].revents)
		ready--;
	if (count)
		memcpy(fds, all, count * sizeof *fds);
	return ready;
}

static int grain_ms(void)
{
	static _Thread_local int grain;

	if (!grain)
		grain = costs_is_engine() ? GRAIN_MS : 1;
	return grain;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int ready;

	if (!is_on || timeout_ms <= 0)
		return real_poll(fds, count, timeout_ms);
	if (timeout_ms < grain_ms())
		timeout_ms = grain_ms();
	ready = real_poll(fds, count, 0);
	return ready ? ready : poll_until(fds, count, (uint64_t)timeout_ms * 1000000);
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	if (!is_on)
		return real_nanosleep(wanted, left);
	poll_until(NULL, 0, to_ns(wanted));
	return 0;
}

int usleep(useconds_t us)
{
	struct timespec wanted = of_ns(us * 1000ULL);

	return nanosleep(&wanted, NULL);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
	struct sleeper me = { .wake = -1, .cond = cond, .until_ns = to_ns(until) };

	if (!is_on)
		return real_timedwait(cond, mutex, until);
	if (now_ns() >= me.until_ns)
		return ETIMEDOUT;
	enter(&me);
	pthread_cond_wait(cond, mutex);
	leave(&me);
	return now_ns() >= me.until_ns ? ETIMEDOUT : 0;
}

/* The thread that looks and jumps. */

static bool is_asleep(int tasks, const char *thread)
{
	char path[300], text[128], *state;
	ssize_t got;
	int fd;

	snprintf(path, sizeof path, "%s/stat", thread);
	fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
	/* It has ended. */
	if (fd < 0)
		return true;
	got = read(fd, text, sizeof text - 1);
	close(fd);
	if (got <= 0)
		return true;
	text[got] = '\0';
	state = strrchr(text, ')');
	return state && (state[2] == 'S' || state[2] == 'Z' || state[2] == 'X');
}

static bool all_asleep(DIR *tasks, const char *me)
{
	struct dirent *entry;

	rewinddir(tasks);
	while ((entry = readdir(tasks)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, me) != 0 &&
		    !is_asleep(dirfd(tasks), entry->d_name))
			return false;
	return true;
}

static void wake(const struct sleeper *s)
{
	if (s->cond)
		pthread_cond_broadcast(s->cond);
	else
		eventfd_write(s->wake, 1);
}

static void jump(void)
{
	uint64_t now = now_ns(), next = UINT64_MAX;
	struct sleeper *s;

	pthread_mutex_lock(&lock);
	for (s = sleepers; s; s = s->next)
		if (s->until_ns < next)
			next = s->until_ns;
	if (next != UINT64_MAX && next > now) {
		jumped_ns += next - now;
		now = next;
	}
	for (s = sleepers; s; s = s->next)
		if (s->until_ns <= now)
			wake(s);
	pthread_mutex_unlock(&lock);
}

static void *clock_thread(void *ctx)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	DIR *tasks = opendir("/proc/self/task");
	unsigned quiet = 0;
	char me[16];

	(void)ctx;
	if (!tasks)
		abort();
	/* Short sleeps are that short. */
	prctl(PR_SET_TIMERSLACK, 1000);
	snprintf(me, sizeof me, "%d", (int)gettid());
	for (;;) {
		quiet = all_asleep(tasks, me) ? quiet + 1 : 0;
		if (quiet >= QUIET_LOOKS) {
			jump();
			quiet = 0;
		}
		real_nanosleep(&pause, NULL);
	}
	return NULL;
}

void jumping_clock_start(void)
{
	pthread_t thread;

	is_on = true;
	if (pthread_create(&thread, NULL, clock_thread, NULL))
		abort();
	pthread_detach(thread);
}
