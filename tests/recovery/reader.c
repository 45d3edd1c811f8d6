/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Readers of a file system whose contents can be computed.
 *   reader make FOLDER FILES MIB           makes the files 0, 1, ... of MIB MiB each
 *   reader read FOLDER SECONDS PROCESSES   reads parts of them, uncached, and checks each byte
 *   reader probe DEVICE                    one uncached read at a random place; prints its ms
 *   reader hits DEVICE MIB SECONDS         uncached reads of 4 KiB in the first MIB MiB, one at a time; prints their us
 *   reader block DEVICE MIB COUNT          COUNT processes, each with one such read, 128 KiB apart, from MIB MiB on
 * Both print what they saw in one line; the exit status is 1 after an error or a wrong byte.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

#define BLOCK 4096
#define BLOCKS_MAX 16
#define FILES_MAX 100
#define HITS_MAX 1000000

struct result {
	uint64_t reads, errors, wrong, longest_ms;
};

static uint64_t scramble(uint64_t x)
{
	x ^= x << 13;
	x ^= x >> 7;
	return x ^ x << 17;
}

static void fill(uint64_t *words, unsigned file, uint64_t block)
{
	uint64_t x = (file + 1) * 0x9e3779b97f4a7c15u ^ (block + 1) * 0xd1b54a32d192ed03u;
	size_t i;

	for (i = 0; i < BLOCK / sizeof *words; i++)
		words[i] = x = scramble(x);
}

static int make(const char *folder, unsigned files, unsigned mib)
{
	uint64_t words[BLOCK / 8], block;
	char path[4096];
	unsigned file;
	FILE *f;

	for (file = 0; file < files; file++) {
		snprintf(path, sizeof path, "%s/%u", folder, file);
		f = fopen(path, "w");
		for (block = 0; f && block < (uint64_t)mib << 20 >> 12; block++) {
			fill(words, file, block);
			if (fwrite(words, BLOCK, 1, f) != 1)
				break;
		}
		if (!f || fclose(f)) {
			perror(path);
			return 1;
		}
	}
	return 0;
}

static void check(const uint8_t *got, unsigned file, uint64_t block, size_t blocks, struct result *r)
{
	uint64_t words[BLOCK / 8];
	size_t i;

	for (i = 0; i < blocks; i++) {
		fill(words, file, block + i);
		if (memcmp(words, got + i * BLOCK, BLOCK) != 0)
			r->wrong++;
	}
}

static void read_some(int fd, unsigned file, uint64_t *random, struct result *r)
{
	static uint8_t bytes[BLOCKS_MAX * BLOCK];
	uint64_t block, all, began, took;
	struct stat st;
	size_t blocks;
	ssize_t n;

	if (fstat(fd, &st))
		return;
	all = (uint64_t)st.st_size / BLOCK;
	*random = scramble(*random);
	blocks = 1 + (size_t)(*random >> 40) % BLOCKS_MAX;
	block = (*random >> 8) % (all - blocks);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	began = clock_ms();
	n = pread(fd, bytes, blocks * BLOCK, (off_t)(block * BLOCK));
	took = clock_ms() - began;
	r->reads++;
	if (took > r->longest_ms)
		r->longest_ms = took;
	if (n != (ssize_t)(blocks * BLOCK))
		r->errors++;
	else
		check(bytes, file, block, blocks, r);
}

static void read_for(const char *folder, uint64_t until_ms, unsigned number, struct result *r)
{
	uint64_t random = scramble((number + 1) * 0x2545f4914f6cdd1du);
	int fds[FILES_MAX];
	unsigned files = 0, file;
	char path[4096];

	for (; files < FILES_MAX; files++) {
		snprintf(path, sizeof path, "%s/%u", folder, files);
		fds[files] = open(path, O_RDONLY);
		if (fds[files] < 0)
			break;
	}
	if (!files)
		r->errors++;
	while (files && clock_ms() < until_ms) {
		file = (unsigned)((random >> 20) % files);
		read_some(fds[file], file, &random, r);
	}
}

static int read_all(const char *folder, unsigned seconds, unsigned processes)
{
	struct result *r = mmap(NULL, processes * sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct result all = { 0 };
	uint64_t until_ms = clock_ms() + seconds * 1000;
	unsigned i;

	if (r == MAP_FAILED)
		return 1;
	for (i = 0; i < processes; i++)
		if (fork() == 0) {
			read_for(folder, until_ms, i, &r[i]);
			_exit(0);
		}
	while (wait(NULL) > 0)
		continue;
	for (i = 0; i < processes; i++) {
		all.reads += r[i].reads;
		all.errors += r[i].errors;
		all.wrong += r[i].wrong;
		if (r[i].longest_ms > all.longest_ms)
			all.longest_ms = r[i].longest_ms;
	}
	printf("reads=%" PRIu64 " errors=%" PRIu64 " wrong=%" PRIu64 " longest_ms=%" PRIu64 "\n", all.reads,
	       all.errors, all.wrong, all.longest_ms);
	return all.errors || all.wrong;
}

static int open_uncached(const char *device, void **block)
{
	int fd = open(device, O_RDONLY | O_DIRECT);

	if (fd < 0 || posix_memalign(block, BLOCK, BLOCK) != 0) {
		perror(device);
		exit(1);
	}
	return fd;
}

static int probe(const char *device)
{
	uint64_t began = clock_ms(), random;
	void *block;
	int fd = open_uncached(device, &block);
	off_t size;

	size = lseek(fd, 0, SEEK_END);
	random = scramble(began * 0x2545f4914f6cdd1du + (uint64_t)getpid());
	if (size < BLOCK ||
	    pread(fd, block, BLOCK, (off_t)(random % ((uint64_t)size / BLOCK)) * BLOCK) != BLOCK) {
		perror(device);
		return 1;
	}
	printf("%" PRIu64 "\n", clock_ms() - began);
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int hits(const char *device, unsigned mib, unsigned seconds)
{
	static uint32_t took_us[HITS_MAX];
	uint64_t until_ms = clock_ms() + seconds * 1000, random = scramble(0x2545f4914f6cdd1du), began_ns;
	void *block;
	int fd = open_uncached(device, &block);
	size_t n = 0;

	while (clock_ms() < until_ms && n < HITS_MAX) {
		random = scramble(random);
		began_ns = clock_ns();
		if (pread(fd, block, BLOCK, (off_t)(random % ((uint64_t)mib << 20 >> 12)) * BLOCK) != BLOCK) {
			perror(device);
			return 1;
		}
		took_us[n++] = (uint32_t)((clock_ns() - began_ns) / 1000);
	}
	qsort(took_us, n, sizeof *took_us, compare);
	if (n)
		printf("reads=%zu p50_us=%u p99_us=%u longest_us=%u\n", n, (unsigned)took_us[n / 2],
		       (unsigned)took_us[n - 1 - n / 100], (unsigned)took_us[n - 1]);
	return !n;
}

static int block_many(const char *device, unsigned mib, unsigned count)
{
	int status, failed = 0;
	void *block;
	int fd = open_uncached(device, &block);
	unsigned i;

	for (i = 0; i < count; i++)
		if (fork() == 0)
			_exit(pread(fd, block, BLOCK, ((off_t)mib << 20) + (off_t)i * (128 << 10)) != BLOCK);
	while (wait(&status) > 0)
		failed += status != 0;
	printf("blocked=%u failed=%d\n", count, failed);
	return failed != 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "make"))
		return make(argv[2], (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]));
	if (argc == 5 && !strcmp(argv[1], "read"))
		return read_all(argv[2], (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]));
	if (argc == 3 && !strcmp(argv[1], "probe"))
		return probe(argv[2]);
	if (argc == 5 && !strcmp(argv[1], "hits"))
		return hits(argv[2], (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]));
	if (argc == 5 && !strcmp(argv[1], "block"))
		return block_many(argv[2], (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]));
	fprintf(stderr, "usage: see the head of reader.c\n");
	return 2;
}
