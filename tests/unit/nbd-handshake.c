/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What a server says of its export, as nbdkit says it, and the blocks of a device that comes of it.
 */
#include "config.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach/nbd-handshake.h"
#include "check.h"

#define GREETING "NBDMAGICIHAVEOPT\0\3"
#define REPLY_HEAD "\0\3\xe8\x89\4\x55\x65\xa9\0\0\0\7"
/* 1 MiB, read-only with flags. */
#define EXPORT REPLY_HEAD "\0\0\0\3\0\0\0\14\0\0\0\0\0\0\0\x10\0\0\1\3"
#define BLOCK_SIZES REPLY_HEAD "\0\0\0\3\0\0\0\16\0\3\0\0\0\1\0\0\x10\0\2\0\0\0"
#define ACK REPLY_HEAD "\0\0\0\1\0\0\0\0"
#define BYTES(text) (text), sizeof(text) - 1

static void send_bytes(int fd, const char *bytes, size_t count)
{
	if (write(fd, bytes, count) != (ssize_t)count)
		_exit(1);
}

static void serve(int fd)
{
	char request[64];

	send_bytes(fd, BYTES(GREETING));
	/* The client's flags, then the option GO with an empty name and one request. */
	if (recv(fd, request, 4, MSG_WAITALL) != 4 || recv(fd, request, 24, MSG_WAITALL) != 24)
		_exit(1);
	send_bytes(fd, BYTES(EXPORT));
	send_bytes(fd, BYTES(BLOCK_SIZES));
	send_bytes(fd, BYTES(ACK));
	_exit(0);
}

static void takes_what_a_server_says(void)
{
	struct nbd_export export = { 0 };
	int fds[2], status;
	pid_t pid;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	pid = fork();
	if (pid == 0)
		serve(fds[1]);
	close(fds[1]);
	CHECK_EQ(nbd_handshake(fds[0], "", NULL, &export), 0);
	CHECK_EQ(export.size_bytes, 1 << 20);
	CHECK_EQ(export.flags, 0x103);
	CHECK_EQ(export.min_block_bytes, 1);
	CHECK_EQ(export.preferred_block_bytes, 4096);
	close(fds[0]);
	waitpid(pid, &status, 0);
	CHECK_EQ(status, 0);
}

static uint32_t block_bytes(uint64_t size, uint32_t minimum, uint32_t preferred)
{
	const struct nbd_export export = { .size_bytes = size, .min_block_bytes = minimum, .preferred_block_bytes = preferred };

	return nbd_export_block_bytes(&export);
}

static void chooses_blocks(void)
{
	CHECK_EQ(block_bytes(1 << 20, 1, 4096), 4096);
	CHECK_EQ(block_bytes(1 << 20, 1, 65536), 4096);
	/* A disk, whose file systems may have small blocks. */
	CHECK_EQ(block_bytes(1 << 20, 1, 512), 512);
	CHECK_EQ(block_bytes(1 << 20, 0, 0), 512);
	CHECK_EQ(block_bytes((1 << 20) + 512, 1, 4096), 512);
	/* What the server requires. */
	CHECK_EQ(block_bytes(1 << 20, 1024, 512), 1024);
	CHECK_EQ(block_bytes(1 << 20, 4096, 4096), 4096);
}

int main(void)
{
	takes_what_a_server_says();
	chooses_blocks();
	return 0;
}
