/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Reads from an NBD server on a Unix socket, for the tests:
 *
 *   nbd-read SOCKET OFFSET COUNT [TIMES STRIDE]
 *
 *   nbd-read --cache SOCKET OFFSET COUNT
 *
 * The first sends TIMES reads of COUNT bytes at once, STRIDE bytes apart, and writes the
 * bytes to standard output in the order of their offsets.  Says on standard
 * error how long the first answer took after the connection stood.  Exit code:
 * 0 all came; 1 usage; 2 cannot connect; 3 the server closed the connection
 * before all was answered; 4 a read was answered with an error.  The second
 * sends NBD_CMD_CACHE.
 *
 * By hand rather than by libnbd, because the difference between the last two is
 * what matters.  Source: doc/proto.md of the NBD project.
 */
#include "config.h"

#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"

#define OPTION_MAGIC 0x49484156454F5054ULL
#define OPTION_EXPORT_NAME 1
#define COMMAND_READ 0
#define COMMAND_CACHE 5
#define REQUEST_MAGIC 0x25609513
#define REPLY_MAGIC 0x67446698
#define FLAGS_FIXED_NO_ZEROES 3

struct request {
	uint32_t magic;
	uint16_t flags, type;
	uint64_t cookie, offset;
	uint32_t count;
} __attribute__((packed));

struct reply {
	uint32_t magic, error;
	uint64_t cookie;
} __attribute__((packed));

static int fd;

static void closed(void)
{
	fprintf(stderr, "nbd-read: connection closed\n");
	exit(3);
}

static void get(void *buf, size_t count)
{
	char *at = buf;
	ssize_t got;

	for (; count; at += got, count -= (size_t)got) {
		got = read(fd, at, count);
		if (got <= 0)
			closed();
	}
}

static void put(const void *buf, size_t count)
{
	if (send(fd, buf, count, MSG_NOSIGNAL) != (ssize_t)count)
		closed();
}

static void connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof address.sun_path) {
		fprintf(stderr, "nbd-read: %s: too long\n", path);
		exit(1);
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) {
		perror(path);
		exit(2);
	}
}

static void shake_hands(void)
{
	struct {
		uint64_t magic, option_magic;
		uint16_t flags;
	} __attribute__((packed)) hello;
	struct {
		uint32_t flags;
		uint64_t magic;
		uint32_t option, length;
	} __attribute__((packed)) ask = {
		htobe32(FLAGS_FIXED_NO_ZEROES), htobe64(OPTION_MAGIC),
		htobe32(OPTION_EXPORT_NAME), 0
	};
	struct {
		uint64_t size;
		uint16_t flags;
	} __attribute__((packed)) export;

	get(&hello, sizeof hello);
	put(&ask, sizeof ask);
	get(&export, sizeof export);
}

int main(int argc, char **argv)
{
	uint64_t offset, stride = 0, began;
	unsigned long times = 1, i;
	struct request request;
	struct reply reply;
	uint16_t command = COMMAND_READ;
	uint32_t count;
	char *all;

	if (argc > 1 && !strcmp(argv[1], "--cache")) {
		command = COMMAND_CACHE;
		argc--;
		argv++;
	}
	if (argc != 4 && argc != 6) {
		fprintf(stderr, "usage: nbd-read SOCKET OFFSET COUNT [TIMES STRIDE]\n");
		return 1;
	}
	offset = strtoull(argv[2], NULL, 10);
	count = (uint32_t)strtoul(argv[3], NULL, 10);
	if (argc == 6) {
		times = strtoul(argv[4], NULL, 10);
		stride = strtoull(argv[5], NULL, 10);
	}
	all = malloc(times * count);
	if (!all)
		return 1;
	connect_to(argv[1]);
	shake_hands();
	began = clock_ms();
	for (i = 0; i < times; i++) {
		request = (struct request){
			.magic = htobe32(REQUEST_MAGIC),
			.type = htobe16(command),
			.cookie = i,
			.offset = htobe64(offset + i * stride),
			.count = htobe32(count),
		};
		put(&request, sizeof request);
	}
	for (i = 0; i < times; i++) {
		get(&reply, sizeof reply);
		if (!i)
			fprintf(stderr, "first answer after %lu ms\n",
				(unsigned long)(clock_ms() - began));
		if (be32toh(reply.magic) != REPLY_MAGIC || reply.cookie >= times) {
			fprintf(stderr, "nbd-read: not an NBD reply\n");
			return 4;
		}
		if (reply.error) {
			fprintf(stderr, "nbd-read: error %u\n", be32toh(reply.error));
			return 4;
		}
		if (command == COMMAND_CACHE)
			return 0;
		get(all + reply.cookie * count, count);
	}
	return fwrite(all, count, times, stdout) == times ? 0 : 1;
}
