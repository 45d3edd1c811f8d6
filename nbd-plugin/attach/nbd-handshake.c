/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#include "attach/nbd-handshake.h"
#include "common/unix-connect.h"

#define MAGIC_SERVER 0x4e42444d41474943ULL	/* "NBDMAGIC" */
#define MAGIC_OPTION 0x49484156454f5054ULL	/* "IHAVEOPT" */
#define MAGIC_REPLY 0x0003e889045565a9ULL

#define FLAG_FIXED_NEWSTYLE 1u
#define FLAG_NO_ZEROES 2u

#define OPT_GO 7u

#define REP_ACK 1u
#define REP_INFO 3u
#define REP_FLAG_ERROR (1u << 31)
#define REP_ERR_UNSUP (REP_FLAG_ERROR | 1u)
#define REP_ERR_POLICY (REP_FLAG_ERROR | 2u)
#define REP_ERR_TLS_REQD (REP_FLAG_ERROR | 5u)
#define REP_ERR_UNKNOWN (REP_FLAG_ERROR | 6u)

#define INFO_EXPORT 0u
#define INFO_BLOCK_SIZE 3u

#define EXPORT_HAS_FLAGS 1u
#define EXPORT_CAN_MULTI_CONN (1u << 8)

#define NAME_MAX_BYTES 4096u	/* the protocol's own limit */
#define REPLY_MAX_BYTES 65536u

struct reply {
	uint32_t type;
	uint32_t length;		/* length of the payload, all of which was read */
	uint8_t payload[NAME_MAX_BYTES];	/* the beginning of the payload */
};

static uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return be16toh(v);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return be32toh(v);
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return be64toh(v);
}

static uint8_t *put16(uint8_t *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static uint8_t *put64(uint8_t *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static int receive(int fd, void *buf, size_t size, const struct log *log)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = recv(fd, (char *)buf + done, size - done, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int err = errno;

			log_say(log, LOG_WARN, "NBD handshake: cannot read: %s", strerror(err));
			return -err;
		}
		if (n == 0) {
			log_say(log, LOG_WARN, "NBD handshake: the server closed the connection");
			return -ECONNRESET;
		}
		done += (size_t)n;
	}
	return 0;
}

static int transmit(int fd, const void *buf, size_t size, const struct log *log)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = send(fd, (const char *)buf + done, size - done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int err = errno;

			log_say(log, LOG_WARN, "NBD handshake: cannot write: %s", strerror(err));
			return -err;
		}
		done += (size_t)n;
	}
	return 0;
}

static int broken(const struct log *log, const char *what)
{
	log_say(log, LOG_WARN, "NBD handshake: %s", what);
	return -EPROTO;
}

static int greet(int fd, const struct log *log)
{
	uint8_t greeting[18], answer[4];
	uint16_t flags;
	int ret;

	ret = receive(fd, greeting, sizeof greeting, log);
	if (ret < 0)
		return ret;
	if (get64(greeting) != MAGIC_SERVER)
		return broken(log, "this is not an NBD server");
	flags = get16(greeting + 16);
	if (get64(greeting + 8) != MAGIC_OPTION || !(flags & FLAG_FIXED_NEWSTYLE))
		return broken(log, "the server does not support fixed newstyle negotiation");
	put32(answer, flags & (FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES));
	return transmit(fd, answer, sizeof answer, log);
}

static int ask_go(int fd, const char *name, const struct log *log)
{
	uint8_t request[16 + 4 + NAME_MAX_BYTES + 4], *p = request;
	size_t length = strlen(name);

	if (length > NAME_MAX_BYTES)
		return broken(log, "the export's name is too long");
	p = put64(p, MAGIC_OPTION);
	p = put32(p, OPT_GO);
	p = put32(p, (uint32_t)(4 + length + 4));
	p = put32(p, (uint32_t)length);
	memcpy(p, name, length);
	p = put16(p + length, 1);
	p = put16(p, INFO_BLOCK_SIZE);
	return transmit(fd, request, (size_t)(p - request), log);
}

static int read_reply(int fd, struct reply *reply, const struct log *log)
{
	uint8_t header[20], rest[512];
	uint32_t kept, left;
	int ret;

	ret = receive(fd, header, sizeof header, log);
	if (ret < 0)
		return ret;
	if (get64(header) != MAGIC_REPLY || get32(header + 8) != OPT_GO)
		return broken(log, "the reply does not belong to the request");
	reply->type = get32(header + 12);
	reply->length = get32(header + 16);
	if (reply->length > REPLY_MAX_BYTES)
		return broken(log, "the reply is too long");

	kept = reply->length < sizeof reply->payload ? reply->length : sizeof reply->payload;
	ret = receive(fd, reply->payload, kept, log);
	for (left = reply->length - kept; ret == 0 && left > 0;) {
		uint32_t n = left < sizeof rest ? left : sizeof rest;

		ret = receive(fd, rest, n, log);
		left -= n;
	}
	return ret;
}

/* The server's message is printed: only its printable bytes are kept. */
static int refused(const struct reply *reply, const struct log *log)
{
	char text[200];
	size_t i, n = reply->length < sizeof text - 1 ? reply->length : sizeof text - 1;

	for (i = 0; i < n; i++)
		text[i] = reply->payload[i] >= ' ' && reply->payload[i] < 127 ?
			  (char)reply->payload[i] : '?';
	text[n] = '\0';
	log_say(log, LOG_WARN, "NBD handshake: refused (%s%s%s)",
		reply->type == REP_ERR_UNSUP ? "the server does not support NBD_OPT_GO" :
		reply->type == REP_ERR_POLICY ? "not allowed" :
		reply->type == REP_ERR_TLS_REQD ? "TLS is required" :
		reply->type == REP_ERR_UNKNOWN ? "no such export" : "see the server's log",
		n ? ": " : "", text);
	return reply->type == REP_ERR_UNKNOWN ? -ENOENT :
	       reply->type == REP_ERR_POLICY || reply->type == REP_ERR_TLS_REQD ? -EACCES :
	       -EPROTO;
}

static int take_info(const struct reply *reply, const struct log *log, bool *have_export,
		     struct nbd_export *out)
{
	if (reply->length < 2)
		return broken(log, "an information reply is too short");
	switch (get16(reply->payload)) {
	case INFO_EXPORT:
		if (reply->length != 12)
			return broken(log, "the size of the export has the wrong length");
		out->size_bytes = get64(reply->payload + 2);
		out->flags = get16(reply->payload + 10);
		*have_export = true;
		return 0;
	case INFO_BLOCK_SIZE:
		if (reply->length != 14)
			return broken(log, "the block sizes have the wrong length");
		out->min_block_bytes = get32(reply->payload + 2);
		out->preferred_block_bytes = get32(reply->payload + 6);
		return 0;
	default:
		return 0;	/* the protocol allows unrequested information */
	}
}

static int read_replies(int fd, const struct log *log, struct nbd_export *out)
{
	bool have_export = false;
	struct reply reply;
	int ret = 0;

	memset(out, 0, sizeof *out);
	while (ret == 0) {
		ret = read_reply(fd, &reply, log);
		if (ret < 0)
			return ret;
		if (reply.type == REP_ACK)
			break;
		if (reply.type & REP_FLAG_ERROR)
			return refused(&reply, log);
		if (reply.type != REP_INFO)
			return broken(log, "a reply of an unknown type");
		ret = take_info(&reply, log, &have_export, out);
	}
	if (ret < 0)
		return ret;
	if (!have_export || !(out->flags & EXPORT_HAS_FLAGS))
		return broken(log, "the server did not send the size of the export");
	return 0;
}

static void limit_receive(int fd, unsigned ms)
{
	struct timeval limit = { .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

int nbd_handshake_begin(int fd, const char *export_name, unsigned limit_ms, const struct log *log)
{
	int ret;

	limit_receive(fd, limit_ms);
	ret = greet(fd, log);
	if (ret == 0)
		ret = ask_go(fd, export_name, log);
	/* The kernel, which gets this socket, would take the limit for a dead server. */
	limit_receive(fd, 0);
	return ret;
}

int nbd_handshake_end(int fd, unsigned limit_ms, const struct log *log, struct nbd_export *out)
{
	int ret;

	limit_receive(fd, limit_ms);
	ret = read_replies(fd, log, out);
	limit_receive(fd, 0);
	return ret;
}

int nbd_handshake(int fd, const char *export_name, const struct log *log,
		  struct nbd_export *out)
{
	int ret = nbd_handshake_begin(fd, export_name, 0, log);

	return ret ? ret : nbd_handshake_end(fd, 0, log, out);
}

bool nbd_export_multi_conn(const struct nbd_export *e)
{
	return e->flags & EXPORT_CAN_MULTI_CONN;
}

uint32_t nbd_export_block_bytes(const struct nbd_export *e)
{
	uint32_t bytes = e->preferred_block_bytes < NBD_MAX_BLOCK_BYTES || e->size_bytes % NBD_MAX_BLOCK_BYTES ?
			 512 : NBD_MAX_BLOCK_BYTES;

	return bytes < e->min_block_bytes ? e->min_block_bytes : bytes;
}

int nbd_connect_unix(const char *path, const struct log *log)
{
	int fd = unix_connect(path, 0);

	if (fd == -ENAMETOOLONG)
		log_say(log, LOG_WARN, "%s: path is too long for a socket", path);
	else if (fd < 0)
		log_say(log, LOG_WARN, "cannot connect to %s: %s", path, strerror(-fd));
	return fd;
}
