/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * farroot profile record: records a profile from a running farroot server, from the log of
 * another server, or from a boot in a virtual machine, which writes such a log.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "profile/cmd-profile.h"
#include "engine/verity/image-info.h"
#include "common/status-requests.h"
#include "engine/store/store.h"
#include "tool/commands.h"
#include "engine/store/access-trace.h"

#define NAME "profile record"
/* The assumed size of an image of unknown size: 4 TiB. */
#define SIZE_MAX_BYTES (4ULL << 40)

struct record {
	bool boot;
	const char *output, *socket, *log_path, *kernel;
};

static void help(void)
{
	printf("Usage: farroot profile record [--socket=PATH] [-o FILE]\n"
	       "       farroot profile record --log=FILE [IMAGE] [-o FILE]\n"
	       "       farroot profile record --boot [OPTION]... KERNEL INITRD IMAGE\n"
	       "Records a profile: the extents of an image that were read, in the order of\n"
	       "their first read.\n\n"
	       "  -o, --output=FILE     output file (standard output; with --boot:\n"
	       "                        IMAGE.profile)\n"
	       "  -s, --socket=PATH     status socket of the server to record\n"
	       "                        (" DEFAULT_STATUS_SOCKET ")\n"
	       "  -l, --log=FILE        take the reads from this log of nbdkit --filter=log\n"
	       "  -k, --kernel=VERSION  kernel version for the header (with a server: the\n"
	       "                        running kernel)\n"
	       "  -b, --boot            boot IMAGE in QEMU and record its reads\n"
	       "      --help            show this\n\n"
	       "With --boot:\n"
	       "      --arch=ARCH       amd64 or arm64 (the architecture of KERNEL)\n"
	       "      --append=ARGS     additional kernel arguments\n"
	       "      --memory=SIZE     memory of the virtual machine (1G)\n"
	       "      --kvm             use KVM instead of emulation\n"
	       "      --console=FILE    save the output of the serial console\n"
	       "      --until=PATTERN   the machine is up when the console shows this (login:)\n"
	       "      --quiet=SECONDS   then wait for SECONDS without a new block read (10)\n"
	       "      --timeout=SECONDS stop after SECONDS in any case (600)\n");
}

static int finish(const struct record *r, struct profile *p)
{
	time_t now = time(NULL);
	struct tm tm;

	if (!p->count) {
		fprintf(stderr, "farroot " NAME ": nothing has been read yet\n");
		return EXIT_FAILURE;
	}
	strftime(p->recorded, sizeof p->recorded, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	if (r->kernel)
		snprintf(p->kernel, sizeof p->kernel, "%s", r->kernel);
	return profile_save(NAME, r->output, p) ? EXIT_FAILURE : 0;
}

/* From a server */

/* Requests the profile.  The server sends the status first, as one line, to every client.
 * A busy server may have stopped waiting before the request came: then it is repeated.
 */
static int ask(const struct record *r, char *text, size_t size, struct profile *out)
{
	char *start, why[128];
	ssize_t length = 0;
	int tries;

	for (tries = 0; tries < 5; tries++) {
		length = status_client_ask(r->socket, STATUS_REQUEST_PROFILE, STATUS_CLIENT_LIMIT_S, text, size);
		if (length < 0) {
			fprintf(stderr, "farroot " NAME ": %s: %s; is the image being served?\n",
				r->socket, strerror((int)-length));
			return -1;
		}
		start = memchr(text, '\n', (size_t)length);
		if (!start || ++start == text + length)
			continue;
		if (!profile_parse(start, (size_t)(text + length - start), out, why, sizeof why))
			return 0;
		profile_free(out);
		fprintf(stderr, "farroot " NAME ": %s: %s\n", r->socket, why);
		return -1;
	}
	fprintf(stderr, "farroot " NAME ": %s: this server does not support profiles\n", r->socket);
	return -1;
}

static int record_server(struct record *r)
{
	size_t size = PROFILE_MAX_BYTES + 65536;
	char *text = malloc(size);
	struct utsname here;
	struct profile p;
	int status = EXIT_FAILURE;

	if (!r->kernel && !uname(&here))
		r->kernel = here.release;
	if (!text) {
		fprintf(stderr, "farroot " NAME ": out of memory\n");
	} else if (!ask(r, text, size, &p)) {
		status = finish(r, &p);
		profile_free(&p);
	}
	free(text);
	return status;
}

/* From a log.  The relevant part of a line is:
 * … connection=1 Read id=7 offset=0x1000 count=0x1000 …
 */

static int take_log(FILE *log, const char *name, uint64_t size_bytes, struct access_trace *touches)
{
	uint64_t offset, count;
	unsigned long line = 0;
	char text[1024], *at;

	while (fgets(text, sizeof text, log)) {
		line++;
		at = strstr(text, " Read id=");
		if (!at || sscanf(at, " Read id=%*u offset=0x%" SCNx64 " count=0x%" SCNx64,
				  &offset, &count) != 2 || !count)
			continue;
		if (offset >= size_bytes || count > size_bytes - offset) {
			fprintf(stderr, "farroot " NAME ": %s: line %lu: a read beyond the end of the image\n",
				name, line);
			return -1;
		}
		trace_record(touches, offset / STORE_BLOCK,
			     (offset + count - 1) / STORE_BLOCK - offset / STORE_BLOCK + 1);
	}
	if (ferror(log)) {
		fprintf(stderr, "farroot " NAME ": %s: %s\n", name, strerror(errno));
		return -1;
	}
	return 0;
}

static int record_log(const struct record *r, const char *image)
{
	struct image_info packed = { .size_bytes = SIZE_MAX_BYTES };
	int err = image ? image_info_read(image, &packed) : 0, status = EXIT_FAILURE;
	struct access_trace *touches = NULL;
	struct profile p;
	FILE *log;

	if (err) {
		fprintf(stderr, "farroot " NAME ": %s: %s\n", image, strerror(-err));
		return EXIT_FAILURE;
	}
	log = strcmp(r->log_path, "-") ? fopen(r->log_path, "re") : stdin;
	if (!log) {
		fprintf(stderr, "farroot " NAME ": %s: %s\n", r->log_path, strerror(errno));
		return EXIT_FAILURE;
	}
	err = trace_new(packed.size_bytes, NULL, &touches);
	if (!err && !take_log(log, r->log_path, packed.size_bytes, touches)) {
		err = trace_profile(touches, &p);
		memcpy(p.roothash, packed.roothash, sizeof p.roothash);
		if (!err)
			status = finish(r, &p);
		profile_free(&p);
	}
	if (err)
		fprintf(stderr, "farroot " NAME ": %s\n", strerror(-err));
	trace_free(touches);
	if (log != stdin)
		fclose(log);
	return status;
}

/* From a boot */

enum { ARCH = 256, APPEND, MEMORY, KVM, CONSOLE, UNTIL, QUIET, TIMEOUT, OPTIONS_END };

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "socket", required_argument, NULL, 's' },
	{ "log", required_argument, NULL, 'l' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "boot", no_argument, NULL, 'b' },
	{ "arch", required_argument, NULL, ARCH },
	{ "append", required_argument, NULL, APPEND },
	{ "memory", required_argument, NULL, MEMORY },
	{ "kvm", no_argument, NULL, KVM },
	{ "console", required_argument, NULL, CONSOLE },
	{ "until", required_argument, NULL, UNTIL },
	{ "quiet", required_argument, NULL, QUIET },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* values: the values of ARCH and of the options behind it; NULL: not given. */
static int record_boot(const struct record *r, const char *values[], char *const files[3])
{
	static const char *const defaults[] = {
		[MEMORY - ARCH] = "1G", [UNTIL - ARCH] = "login:",
		[QUIET - ARCH] = "10", [TIMEOUT - ARCH] = "600", [OPTIONS_END - ARCH] = NULL,
	};
	struct profile_boot boot = { 0 };
	const struct option *o;
	const char *value;

	for (o = long_options; o->name; o++) {
		if (o->val < ARCH)
			continue;
		value = values[o->val - ARCH] ? values[o->val - ARCH] : defaults[o->val - ARCH];
		if (o->val == ARCH && value && strcmp(value, "amd64") && strcmp(value, "arm64"))
			return tool_usage_error(NAME, "--arch=%s: neither amd64 nor arm64", value);
		if ((o->val == QUIET || o->val == TIMEOUT) &&
		    (!*value || value[strspn(value, "0123456789")] || strlen(value) > 6))
			return tool_usage_error(NAME, "--%s=%s: not a number of seconds",
						o->name, value);
		if (value && profile_boot_add(&boot, o->name, value))
			return EXIT_FAILURE;
	}
	return profile_boot(&boot, files, r->output);
}

static int record_what(struct record *r, const char *values[], int argc, char **argv)
{
	int i;

	if (r->boot + !!r->log_path + !!r->socket > 1)
		return tool_usage_error(NAME, "--boot, --log and --socket cannot be used together");
	if (r->boot && r->kernel)
		return tool_usage_error(NAME, "--kernel: not with --boot, which takes the version from the console");
	if (r->boot)
		return argc != 3 ? tool_usage_error(NAME, "give KERNEL, INITRD and IMAGE") :
		       record_boot(r, values, argv);
	for (i = ARCH; i < OPTIONS_END; i++)
		if (values[i - ARCH])
			return tool_usage_error(NAME, "an option that needs --boot was given without it");
	if (r->log_path)
		return argc > 1 ? tool_usage_error(NAME, "%s: give one IMAGE at most", argv[1]) :
		       record_log(r, argc ? argv[0] : NULL);
	if (argc)
		return tool_usage_error(NAME, "%s: takes no arguments", argv[0]);
	if (!r->socket)
		r->socket = DEFAULT_STATUS_SOCKET;
	return record_server(r);
}

int cmd_profile_record(int argc, char **argv)
{
	const char *values[OPTIONS_END - ARCH] = { 0 };
	struct record r = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "o:s:l:k:bh", long_options, NULL)) != -1) {
		switch (c) {
		case 'o':
			r.output = optarg;
			break;
		case 's':
			r.socket = optarg;
			break;
		case 'l':
			r.log_path = optarg;
			break;
		case 'k':
			r.kernel = optarg;
			break;
		case 'b':
			r.boot = true;
			break;
		case 'h':
			help();
			return 0;
		case '?':
			return tool_usage_error(NAME, "bad option");
		default:
			values[c - ARCH] = optarg ? optarg : "yes";
		}
	}
	return record_what(&r, values, argc - optind, argv + optind);
}
