/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Reads from a FUSE mount as nbd-read reads from an NBD server, for the tests:
 *
 *   file-read NAME OFFSET COUNT [TIMES STRIDE]
 *
 * The file is NAME.mnt/image.  Sends TIMES reads of COUNT bytes at once, STRIDE bytes apart,
 * past the page cache (unless the environment has BUFFERED), and writes the bytes to standard output in the order of their offsets.
 * Says on standard error how long the first answer took.  Exit code: 0 all came; 1 usage; 2
 * cannot open; 3 the server has gone; 4 a read failed, was too short, or was interrupted by
 * SIGALRM, which the environment variable ALARM sends after that many seconds.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

struct job {
	pthread_t thread;
	int fd;
	char *to;
	size_t count;
	off_t offset;
};

static atomic_bool has_answer;
static uint64_t began;

static void fail(int code, int err)
{
	fprintf(stderr, "file-read: error %d\n", err);
	exit(code);
}

static void *read_one(void *ctx)
{
	struct job *job = ctx;
	ssize_t got = pread(job->fd, job->to, job->count, job->offset);

	if (got < 0)
		fail(errno == ENOTCONN || errno == ECONNABORTED ? 3 : 4, errno);
	if ((size_t)got != job->count)
		fail(4, 0);	/* too short */
	if (!atomic_exchange(&has_answer, true))
		fprintf(stderr, "first answer after %lu ms\n", (unsigned long)(clock_ms() - began));
	return NULL;
}

static void on_alarm(int number)
{
	(void)number;
}

int main(int argc, char **argv)
{
	unsigned long times = 1, i;
	pthread_attr_t attributes;
	char path[4096];
	uint64_t stride = 0;
	struct job *jobs;
	size_t count;
	char *all;
	int fd;

	if (argc != 4 && argc != 6) {
		fprintf(stderr, "usage: file-read NAME OFFSET COUNT [TIMES STRIDE]\n");
		return 1;
	}
	count = strtoul(argv[3], NULL, 10);
	if (argc == 6) {
		times = strtoul(argv[4], NULL, 10);
		stride = strtoull(argv[5], NULL, 10);
	}
	snprintf(path, sizeof path, "%s.mnt/image", argv[1]);
	fd = open(path, O_RDONLY | O_CLOEXEC | (getenv("BUFFERED") ? 0 : O_DIRECT));
	if (fd < 0) {
		perror(path);
		return 2;
	}
	jobs = calloc(times, sizeof *jobs);
	if (!jobs || posix_memalign((void **)&all, 4096, times * count + 1))
		return 1;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 << 10);
	began = clock_ms();
	if (getenv("ALARM")) {
		sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
		alarm((unsigned)atoi(getenv("ALARM")));
	}
	for (i = 0; i < times; i++) {
		jobs[i] = (struct job){
			.fd = fd, .to = all + i * count, .count = count,
			.offset = (off_t)(strtoull(argv[2], NULL, 10) + i * stride),
		};
		/* In the main thread, so that the signal interrupts it. */
		if (times == 1)
			read_one(&jobs[i]);
		else if (pthread_create(&jobs[i].thread, &attributes, read_one, &jobs[i]))
			return 1;
	}
	for (i = 0; i < times && times > 1; i++)
		pthread_join(jobs[i].thread, NULL);
	i = fwrite(all, count, times, stdout);
	free(all);
	free(jobs);
	close(fd);
	return i == times ? 0 : 1;
}
