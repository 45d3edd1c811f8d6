/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach/heartbeat.h"
#include "attach/nbd-handshake.h"
#include "attach/supervisor.h"

#define LIMIT_MS 1000
#define BLOCK_BYTES 4096u
#define REPLY_HEADER_BYTES 16u
#define MAGIC_REQUEST 0x25609513u
#define MAGIC_SIMPLE_REPLY 0x67446698u

void heartbeat_init(struct heartbeat *h)
{
	memset(h, 0, sizeof *h);
	h->fd = -1;
}

static void hang_up(struct heartbeat *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	h->waits = false;
}

void heartbeat_stop(struct heartbeat *h)
{
	hang_up(h);
	heartbeat_init(h);
}

/* No log: the silence has its own message. */
static int connect_to(const char *path, bool whole)
{
	struct nbd_export export;
	int fd = nbd_connect_unix(path, NULL), ret;

	if (fd < 0)
		return fd;
	ret = nbd_handshake_begin(fd, "", LIMIT_MS, NULL);
	if (ret == 0 && whole)
		ret = nbd_handshake_end(fd, LIMIT_MS, NULL, &export);
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

bool heartbeat_greets(const char *socket_path)
{
	int fd = connect_to(socket_path, false);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void ask(struct heartbeat *h)
{
	struct {
		uint32_t magic;
		uint16_t flags, type;	/* 0: a read */
		uint64_t cookie, offset;
		uint32_t length;
	} __attribute__((packed)) request = {
		.magic = htobe32(MAGIC_REQUEST),
		.cookie = htobe64(++h->cookie),
		.length = htobe32(BLOCK_BYTES),
	};

	if (send(h->fd, &request, sizeof request, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof request) {
		hang_up(h);
		return;
	}
	h->waits = true;
	h->got = 0;
}

bool heartbeat_tick(struct heartbeat *h, const char *socket_path)
{
	if (h->fd < 0)
		h->fd = connect_to(socket_path, true);
	if (h->fd >= 0 && !h->waits)
		ask(h);
	else
		h->silent_s++;
	if (h->silent_s && h->silent_s % SUPERVISOR_SILENT_S == 0)
		h->greets = heartbeat_greets(socket_path);
	return supervisor_is_silent(h->silent_s, h->was_answered, h->greets);
}

/* Returns whether the reply is complete and right; hangs up if it can't become so. */
static bool is_answer(struct heartbeat *h)
{
	struct {
		uint32_t magic, error;
		uint64_t cookie;
	} header;

	if (h->got < REPLY_HEADER_BYTES)
		return false;
	memcpy(&header, h->reply, sizeof header);
	if (be32toh(header.magic) != MAGIC_SIMPLE_REPLY || be64toh(header.cookie) != h->cookie ||
	    header.error != 0) {
		hang_up(h);
		h->silent_s++;
		return false;
	}
	return h->got == sizeof h->reply;
}

void heartbeat_receive(struct heartbeat *h)
{
	ssize_t n = recv(h->fd, h->reply + h->got, sizeof h->reply - h->got, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || !h->waits) {
		hang_up(h);
		return;
	}
	h->got += (size_t)n;
	if (!is_answer(h))
		return;
	h->waits = false;
	h->was_answered = true;
	h->silent_s = 0;
}
