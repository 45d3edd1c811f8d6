/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The same input gives the same output, byte for byte: nothing random, no time.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"
#include "verity-build.h"

static void help(void)
{
	printf("Usage: farroot pack IMAGE -o OUT\n"
	       "Copies IMAGE to OUT with a dm-verity hash tree appended, and prints the root\n"
	       "hash and the kernel arguments that boot it.\n\n"
	       "  -o, --output=OUT  the file to make; replaced only when it is complete\n"
	       "  -u, --url=URL     where OUT will be, for the printed kernel arguments\n"
	       "      --help        show this\n");
}

/* For remove_temporary, which can be given nothing else. */
static const char *volatile temporary_to_remove;

static void remove_temporary(int signal_number)
{
	if (temporary_to_remove)
		unlink(temporary_to_remove);
	raise(signal_number);	/* the default again (SA_RESETHAND): the end */
}

static void remove_on_signals(const char *path)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction action = {
		.sa_handler = remove_temporary, .sa_flags = (int)SA_RESETHAND };
	size_t i;

	temporary_to_remove = path;
	for (i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &action, NULL);
}

static int copy(int from, int to)
{
	static char buffer[1 << 20];
	ssize_t got, put, done;

	while ((got = read(from, buffer, sizeof buffer)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		for (done = 0; done < got; done += put) {
			put = write(to, buffer + done, (size_t)(got - done));
			if (put < 0)
				return -errno;
		}
	}
	return 0;
}

static void print_result(const struct verity *v, const char *url)
{
	char hex[2 * VERITY_DIGEST_SIZE + 1];
	unsigned i;

	for (i = 0; i < VERITY_DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", v->root[i]);
	printf("roothash=%s\n", hex);
	printf("size=%" PRIu64 "\n", v->total_blocks * VERITY_BLOCK_SIZE);
	printf("hash-offset=%" PRIu64 "\n", v->data_blocks * VERITY_BLOCK_SIZE);
	printf("kernel-arguments=boot=farroot farroot=%s roothash=%s ip=dhcp\n", url, hex);
}

/* A tree over a tree would verify too, and puzzle whoever mounts it. */
static bool is_packed(int fd, uint64_t size)
{
	uint64_t data_blocks = verity_data_blocks(size / VERITY_BLOCK_SIZE);
	struct verity_superblock sb;
	uint8_t bytes[512];
	const char *why;

	return size % VERITY_BLOCK_SIZE == 0 && data_blocks &&
	       pread(fd, bytes, sizeof bytes, (off_t)(data_blocks * VERITY_BLOCK_SIZE)) ==
	       (ssize_t)sizeof bytes &&
	       !verity_superblock_parse(bytes, sizeof bytes, &sb, &why) &&
	       sb.data_blocks == data_blocks;
}

/* The image is in fd: pad it, and append the tree.  v is initialized after it
 * returned 0.
 */
static int append_tree(int fd, struct verity *v)
{
	uint8_t salt[VERITY_PACK_SALT_SIZE];
	uint64_t blocks;
	struct stat st;
	int err;

	if (fstat(fd, &st))
		return -errno;
	if (!st.st_size)
		return -ENODATA;
	if (is_packed(fd, (uint64_t)st.st_size))
		return -EALREADY;
	blocks = ((uint64_t)st.st_size + VERITY_BLOCK_SIZE - 1) / VERITY_BLOCK_SIZE;
	if (ftruncate(fd, (off_t)(blocks * VERITY_BLOCK_SIZE)))
		return -errno;
	verity_pack_salt(blocks, salt);
	err = verity_init(v, blocks, salt, sizeof salt, NULL);
	if (err)
		return err;
	err = verity_build(v, fd);
	if (!err && fsync(fd))
		err = -errno;
	if (err)
		verity_free(v);
	return err;
}

/* rename would put a file in the place of anything, even of /dev/null. */
static int check_output(int from, const char *output)
{
	struct stat in, out;

	if (stat(output, &out))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISREG(out.st_mode))
		return -ENOTSUP;
	if (fstat(from, &in))
		return -errno;
	return in.st_dev == out.st_dev && in.st_ino == out.st_ino ? -EEXIST : 0;
}

static const char *reason(int err)
{
	switch (err) {
	case -ENODATA:
		return "the image is empty";
	case -EALREADY:
		return "the image is packed already";
	case -ENOTSUP:
		return "the output exists and is not a regular file";
	case -EEXIST:
		return "the output is the image itself";
	default:
		return strerror(-err);
	}
}

static int sync_folder(const char *path)
{
	char *copy_of_path = strdup(path);
	int fd = copy_of_path ? open(dirname(copy_of_path), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int err = fd < 0 || fsync(fd) ? -errno : 0;

	if (fd >= 0)
		close(fd);
	free(copy_of_path);
	return err;
}

static int pack(int from, const char *output, const char *url)
{
	char *temporary;
	struct verity v;
	int err = check_output(from, output), to;

	if (err)
		return err;
	if (asprintf(&temporary, "%s.XXXXXX", output) < 0)
		return -ENOMEM;
	to = mkostemp(temporary, O_CLOEXEC);
	if (to < 0) {
		err = -errno;
		free(temporary);
		return err;
	}
	remove_on_signals(temporary);
	err = copy(from, to);
	if (!err)
		err = append_tree(to, &v);
	if (err)
		goto undo;
	/* It is to be published by a web server, not kept secret. */
	if (fchmod(to, 0644) || rename(temporary, output))
		err = -errno;
	else
		err = sync_folder(output);
	if (!err)
		print_result(&v, url);
	verity_free(&v);
undo:
	/* After the rename there is no such name any more. */
	if (err)
		unlink(temporary);
	temporary_to_remove = NULL;
	close(to);
	free(temporary);
	return err;
}

int cmd_pack(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "url", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *output = NULL, *url = "URL";
	int c, from, err;

	while ((c = getopt_long(argc, argv, "o:u:h", long_options, NULL)) != -1) {
		switch (c) {
		case 'o':
			output = optarg;
			break;
		case 'u':
			url = optarg;
			break;
		case 'h':
			help();
			return 0;
		default:
			return tool_usage_error("pack", "bad option");
		}
	}
	if (optind + 1 != argc)
		return tool_usage_error("pack", "name one IMAGE");
	if (!output)
		return tool_usage_error("pack", "name the file to make with -o");
	from = open(argv[optind], O_RDONLY | O_CLOEXEC);
	if (from < 0) {
		fprintf(stderr, "farroot pack: %s: %s\n", argv[optind], strerror(errno));
		return EXIT_FAILURE;
	}
	err = pack(from, output, url);
	close(from);
	if (err)
		fprintf(stderr, "farroot pack: %s → %s: %s\n", argv[optind], output, reason(err));
	return err ? EXIT_FAILURE : 0;
}
