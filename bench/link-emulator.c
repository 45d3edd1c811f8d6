/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Emulates a slow link with a long round trip between a guest and a TAP device.  It runs on
 * this machine's processor, because netem in an emulated machine costs seconds.  The guest
 * is a QEMU or another network namespace:
 *
 *   QEMU ── unix socket (-netdev stream) ── here ── TAP ── this machine's TCP
 *   namespace ────────────────────── TAP ── here ── TAP ── this machine's TCP
 *
 * Each direction has a rate, a delay of half the round trip, a queue that drops packets
 * which would wait longer than its limit, and random loss.  A packet leaves after the
 * packets before it, and arrives after the delay; this is netem's model.
 *
 *   link-emulator SOCKET|tap:NETNS:TAP TAP RATE_BIT_S RTT_US QUEUE_US LOSS_PPM SEED
 *
 * Listens on SOCKET, accepts one guest and ends with it; or opens the TAP of NETNS.
 * SIGUSR1 starts an outage, in which all packets are lost; SIGUSR2 ends it.  Prints the
 * time in ns of CLOCK_MONOTONIC at which the guest sent its first packet.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 2048
#define FRAMES 16384		/* in flight, per direction: 1.9 s at 100 Mbit/s */

struct frame {
	uint64_t due_ns;
	uint32_t length;
	uint8_t bytes[FRAME_MAX];
};

struct way {
	struct frame *frames;		/* a ring */
	unsigned first, count;
	uint64_t free_ns;		/* time at which the last packet will have left */
};

static uint64_t rate_bit_s, delay_ns, queue_ns, loss_ppm, seed;
static bool guest_is_tap;
static volatile sig_atomic_t is_down;

static void on_signal(int signal)
{
	is_down = signal == SIGUSR1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* xorshift64*: the same losses for the same seed. */
static bool is_lost(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (seed * 0x2545F4914F6CDD1DULL >> 32) % 1000000 < loss_ppm;
}

static void enter(struct way *w, const uint8_t *bytes, size_t length)
{
	uint64_t now = now_ns();
	struct frame *f;

	if (w->free_ns < now)
		w->free_ns = now;
	if (is_down || is_lost() || w->free_ns - now > queue_ns || w->count == FRAMES)
		return;
	w->free_ns += length * 8 * 1000000000 / rate_bit_s;
	f = &w->frames[(w->first + w->count++) % FRAMES];
	f->due_ns = w->free_ns + delay_ns;
	f->length = (uint32_t)length;
	memcpy(f->bytes, bytes, length);
}

static const struct frame *leave(struct way *w, uint64_t now)
{
	const struct frame *f = &w->frames[w->first];

	if (!w->count || f->due_ns > now)
		return NULL;
	w->first = (w->first + 1) % FRAMES;
	w->count--;
	return f;
}

static void send_all(int fd, const void *bytes, size_t length)
{
	ssize_t sent;

	for (; length; bytes = (const char *)bytes + sent, length -= (size_t)sent) {
		sent = send(fd, bytes, length, MSG_NOSIGNAL);
		if (sent < 0)
			exit(0);	/* the guest is off */
	}
}

static void write_frame(int tap, const struct frame *f)
{
	if (write(tap, f->bytes, f->length) < 0 && errno != EIO && errno != EAGAIN)
		err(1, "tap");
}

/* In the stream, the length of a frame precedes it: 32 bits, big endian. */
static void send_frame(int guest, const struct frame *f)
{
	uint32_t length = htonl(f->length);

	send_all(guest, &length, sizeof length);
	send_all(guest, f->bytes, f->length);
}

static void deliver(int guest, int tap, struct way *down, struct way *up)
{
	uint64_t now = now_ns();
	const struct frame *f;

	while ((f = leave(down, now)))
		guest_is_tap ? write_frame(guest, f) : send_frame(guest, f);
	while ((f = leave(up, now)))
		write_frame(tap, f);
}

static void enter_from_guest(struct way *up, const uint8_t *bytes, size_t length)
{
	static bool has_sent;

	if (!has_sent) {
		printf("%llu\n", (unsigned long long)now_ns());
		fflush(stdout);
	}
	has_sent = true;
	enter(up, bytes, length);
}

static void take_from_tap(int tap, struct way *w, void (*take)(struct way *, const uint8_t *, size_t))
{
	uint8_t bytes[FRAME_MAX];
	ssize_t got;

	while ((got = read(tap, bytes, sizeof bytes)) > 0)
		take(w, bytes, (size_t)got);
}

static void take_from_stream(int guest, struct way *up)
{
	static uint8_t buffer[1 << 16];
	static size_t have;
	size_t at = 0;
	uint32_t length;
	ssize_t got = recv(guest, buffer + have, sizeof buffer - have, MSG_DONTWAIT);

	if (got == 0 || (got < 0 && errno != EAGAIN))
		exit(0);
	have += got > 0 ? (size_t)got : 0;
	while (have - at >= sizeof length) {
		memcpy(&length, buffer + at, sizeof length);
		length = ntohl(length);
		if (length > FRAME_MAX)
			errx(1, "a frame of %u bytes", length);
		if (have - at < sizeof length + length)
			break;
		enter_from_guest(up, buffer + at + sizeof length, length);
		at += sizeof length + length;
	}
	memmove(buffer, buffer + at, have - at);
	have -= at;
}

static struct timespec until_next(const struct way *down, const struct way *up)
{
	uint64_t now = now_ns(), next = now + 1000000000, due;
	const struct way *ways[] = { down, up };
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!ways[i]->count)
			continue;
		due = ways[i]->frames[ways[i]->first].due_ns;
		if (due < next)
			next = due;
	}
	next = next > now ? next - now : 0;
	return (struct timespec){ .tv_sec = (time_t)(next / 1000000000),
				  .tv_nsec = (long)(next % 1000000000) };
}

static int open_tap(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		err(1, "%s", name);
	return fd;
}

/* Opens tap:NETNS:TAP.  This process stays in NETNS, which does not affect open files. */
static int open_guest_tap(char *where)
{
	char path[128], *name = strchr(where, ':');
	int fd;

	if (!name)
		errx(2, "tap:NETNS:TAP has another colon");
	*name++ = '\0';
	snprintf(path, sizeof path, "/var/run/netns/%s", where);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	close(fd);
	return open_tap(name);
}

static int accept_guest(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), guest;

	strncpy(address.sun_path, path, sizeof address.sun_path - 1);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 1))
		err(1, "%s", path);
	guest = accept(fd, NULL, NULL);
	if (guest < 0)
		err(1, "%s", path);
	close(fd);
	return guest;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct way down = { 0 }, up = { 0 };
	struct timespec timeout;
	struct pollfd fds[2];

	if (argc != 8)
		errx(2, "usage: link-emulator SOCKET|tap:NETNS:TAP TAP RATE_BIT_S RTT_US QUEUE_US LOSS_PPM SEED");
	rate_bit_s = strtoull(argv[3], NULL, 10);
	delay_ns = strtoull(argv[4], NULL, 10) * 500;
	queue_ns = strtoull(argv[5], NULL, 10) * 1000;
	loss_ppm = strtoull(argv[6], NULL, 10);
	seed = strtoull(argv[7], NULL, 10) * 2 + 1;
	down.frames = calloc(FRAMES, sizeof *down.frames);
	up.frames = calloc(FRAMES, sizeof *up.frames);
	if (!rate_bit_s || !down.frames || !up.frames)
		errx(2, "a rate of 0, or no memory");
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	fds[1].fd = open_tap(argv[2]);
	guest_is_tap = !strncmp(argv[1], "tap:", 4);
	fds[0].fd = guest_is_tap ? open_guest_tap(argv[1] + 4) : accept_guest(argv[1]);
	fds[0].events = fds[1].events = POLLIN;
	for (;;) {
		timeout = until_next(&down, &up);
		if (ppoll(fds, 2, &timeout, NULL) > 0) {
			if (fds[1].revents)
				take_from_tap(fds[1].fd, &down, enter);
			if (fds[0].revents)
				guest_is_tap ? take_from_tap(fds[0].fd, &up, enter_from_guest) :
					       take_from_stream(fds[0].fd, &up);
		}
		deliver(fds[0].fd, fds[1].fd, &down, &up);
	}
}
