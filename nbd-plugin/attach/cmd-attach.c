/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * farroot attach: connects to an NBD server on a Unix socket, gives the connections to an
 * nbd device of the kernel, and ends; the kernel keeps the connections.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/cmd-supervise.h"
#include "attach/dm-device.h"
#include "attach/verity-stack.h"
#include "attach/nbd-handshake.h"
#include "attach/nbd-netlink.h"
#include "tool/commands.h"

#define MAX_CONNECTIONS 16
#define SECTOR_BYTES 512
#define MAPPER "/dev/mapper/"

enum action { ATTACH, RECONFIGURE, DETACH };

struct settings {
	enum action action;
	unsigned connections;
	bool have_timeout;
	uint64_t timeout_s, dead_conn_timeout_s;
	const char *export_name;
	const char *socket_path;
	uint32_t device_index;
	const char *mapped;		/* NAME of /dev/mapper/NAME, to be detached; NULL: an nbd device */
};

static const char usage[] =
"Usage: farroot attach [OPTION]... SOCKET DEVICE\n"
"       farroot attach --detach DEVICE\n"
"       farroot attach --supervise [--pivot [--free] [--verity]] DIRECTORY NAME\n"
"                      NBDKIT [ARGUMENT]...\n"
"Attaches DEVICE (such as /dev/nbd0) to the NBD server that listens on the Unix\n"
"socket SOCKET.  The device stays attached after this program has ended.\n"
"\n"
"  -c, --connections=N       connections to open; default 1, which survives any\n"
"                            outage.  More than one needs a --timeout\n"
"  -e, --export=NAME         name of the export; default: the empty name\n"
"  -r, --reconfigure         give an attached DEVICE new connections\n"
"  -d, --detach              detach DEVICE from its server; or remove\n"
"                            /dev/mapper/NAME, which had a --pivot\n"
"  -t, --timeout=SECONDS     give up a connection that has not answered for\n"
"                            SECONDS; default 0 (never) with one connection,\n"
"                            20 days with more\n"
"      --dead-conn-timeout=SECONDS\n"
"                            when every connection is dead, let reads wait for\n"
"                            --reconfigure for SECONDS before they fail;\n"
"                            default 20 days\n"
"      --supervise           start nbdkit, and replace it when it dies; see\n"
"                            farroot attach --supervise --help\n"
"      --help                show this\n";

static void say(void *ctx, enum log_level level, const char *message)
{
	(void)ctx;
	if (level != LOG_DETAIL)
		fprintf(stderr, "farroot attach: %s\n", message);
}

static const struct log to_stderr = { .write = say };

static bool parse_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return isdigit((unsigned char)text[0]) && !*end && !errno && *out <= max;
}

/* N of /dev/nbdN or nbdN. */
static bool parse_device(const char *text, uint32_t *index)
{
	uint64_t n;

	if (strncmp(text, "/dev/", 5) == 0)
		text += 5;
	if (strncmp(text, "nbd", 3) != 0 || !parse_number(text + 3, 1 << 20, &n))
		return false;
	*index = (uint32_t)n;
	return true;
}

/* Returns 0, or the exit status. */
static int parse(int argc, char **argv, struct settings *s)
{
	enum { DEAD_CONN_TIMEOUT = 256 };
	static const struct option options[] = {
		{ "connections", required_argument, NULL, 'c' },
		{ "export", required_argument, NULL, 'e' },
		{ "reconfigure", no_argument, NULL, 'r' },
		{ "detach", no_argument, NULL, 'd' },
		{ "timeout", required_argument, NULL, 't' },
		{ "dead-conn-timeout", required_argument, NULL, DEAD_CONN_TIMEOUT },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t n;
	int opt;

	while ((opt = getopt_long(argc, argv, "c:e:rdt:h", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			if (!parse_number(optarg, MAX_CONNECTIONS, &n) || n == 0)
				return tool_usage_error("attach", "--connections=%s: must be 1 to %d",
							optarg, MAX_CONNECTIONS);
			s->connections = (unsigned)n;
			break;
		case 'e':
			s->export_name = optarg;
			break;
		case 'r':
			s->action = RECONFIGURE;
			break;
		case 'd':
			s->action = DETACH;
			break;
		case 't':
			if (!parse_number(optarg, NBD_LONG_S, &s->timeout_s))
				return tool_usage_error("attach", "--timeout=%s: must be 0 to %d seconds",
							optarg, NBD_LONG_S);
			s->have_timeout = true;
			break;
		case DEAD_CONN_TIMEOUT:
			if (!parse_number(optarg, NBD_LONG_S, &s->dead_conn_timeout_s))
				return tool_usage_error("attach", "--dead-conn-timeout=%s: must be 0 to %d seconds",
							optarg, NBD_LONG_S);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		default:
			return tool_usage_error("attach", "bad option");
		}
	}
	if (argc - optind != (s->action == DETACH ? 1 : 2))
		return tool_usage_error("attach", s->action == DETACH ? "give a DEVICE" :
					"give a SOCKET and a DEVICE");
	if (s->action != DETACH)
		s->socket_path = argv[optind];
	if (s->action == DETACH && !strncmp(argv[argc - 1], MAPPER, strlen(MAPPER))) {
		s->mapped = argv[argc - 1] + strlen(MAPPER);
		return 0;
	}
	if (!parse_device(argv[argc - 1], &s->device_index))
		return tool_usage_error("attach", "%s: not an nbd device such as /dev/nbd0",
					argv[argc - 1]);
	return 0;
}

/* Bytes of the attached device; 0 if there is none. */
static uint64_t device_size(uint32_t index)
{
	char path[64];
	uint64_t sectors = 0;
	FILE *f;

	snprintf(path, sizeof path, "/sys/block/nbd%" PRIu32 "/size", index);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%" SCNu64, &sectors) != 1)
		sectors = 0;
	fclose(f);
	return sectors * SECTOR_BYTES;
}

/* Opens the wanted number of connections, or one if the server supports only one.  Returns
 * the number, or -errno; *export is the export of all of them.
 */
static int open_sockets(const struct settings *s, int *sockets, struct nbd_export *export)
{
	struct nbd_export first = { 0 };
	unsigned count = 0, wanted = s->connections;
	int ret = 0;

	while (count < wanted) {
		ret = nbd_connect_unix(s->socket_path, &to_stderr);
		if (ret < 0)
			break;
		sockets[count++] = ret;
		ret = nbd_handshake(sockets[count - 1], s->export_name, &to_stderr, export);
		if (ret < 0)
			break;
		if (count == 1) {
			first = *export;
			if (!nbd_export_multi_conn(export))
				wanted = 1;
		} else if (first.size_bytes != export->size_bytes || first.flags != export->flags) {
			say(NULL, LOG_WARN, "two connections have different exports");
			ret = -EPROTO;
			break;
		}
	}
	if (ret >= 0)
		return (int)count;
	while (count > 0)
		close(sockets[--count]);
	return ret;
}

static int check_export(const struct settings *s, const struct nbd_export *export)
{
	uint64_t size = export->size_bytes;

	if (size == 0 || size % SECTOR_BYTES != 0) {
		log_say(&to_stderr, LOG_WARN,
			"the export has %" PRIu64 " bytes, which is not a multiple of 512", size);
		return -EINVAL;
	}
	if (export->min_block_bytes > NBD_MAX_BLOCK_BYTES) {
		log_say(&to_stderr, LOG_WARN,
			"the server requires blocks of at least %" PRIu32 " bytes; the largest possible block is 4096",
			export->min_block_bytes);
		return -EINVAL;
	}
	if (s->action == RECONFIGURE && device_size(s->device_index) != size) {
		log_say(&to_stderr, LOG_WARN,
			"the device has %" PRIu64 " bytes, the export %" PRIu64 ": not the same image",
			device_size(s->device_index), size);
		return -EINVAL;
	}
	return 0;
}

static int hand_over(const struct settings *s)
{
	int sockets[MAX_CONNECTIONS];
	struct nbd_export export;
	struct nbd_device device;
	int count, ret;

	count = open_sockets(s, sockets, &export);
	if (count < 0)
		return count;
	device = (struct nbd_device){
		.index = s->device_index,
		.sockets = sockets,
		.socket_count = (size_t)count,
		.size_bytes = export.size_bytes,
		.block_bytes = nbd_export_block_bytes(&export),
		.flags = export.flags,
		.timeout_s = s->have_timeout ? s->timeout_s : count > 1 ? NBD_LONG_S : 0,
		.dead_conn_timeout_s = s->dead_conn_timeout_s,
	};
	ret = check_export(s, &export);
	if (ret == 0)
		ret = s->action == RECONFIGURE ? nbd_netlink_reconfigure(&device, &to_stderr) :
						 nbd_netlink_connect(&device, &to_stderr);
	while (count > 0)
		close(sockets[--count]);
	return ret;
}

static int detach(const struct settings *s)
{
	int control, ret;

	if (!s->mapped)
		return nbd_netlink_disconnect(s->device_index, &to_stderr);
	control = dm_control_open();
	ret = control < 0 ? control : dm_remove_ours(control, s->mapped);
	if (ret == 0)
		verity_stack_remove(control, s->mapped);
	if (control >= 0)
		close(control);
	if (ret)
		log_say(&to_stderr, LOG_WARN, MAPPER "%s: %s%s", s->mapped,
			ret == -ENXIO ? "no device of farroot attach --supervise" : strerror(-ret),
			ret == -EBUSY ? "; unmount it first" : "");
	return ret;
}

int cmd_attach(int argc, char **argv)
{
	struct settings s = {
		.connections = 1,
		.dead_conn_timeout_s = NBD_LONG_S,
		.export_name = "",
	};
	int ret;

	if (argc > 1 && !strcmp(argv[1], "--supervise"))
		return cmd_supervise(argc - 1, argv + 1);
	ret = parse(argc, argv, &s);
	if (ret)
		return ret;
	ret = s.action == DETACH ? detach(&s) : hand_over(&s);
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
