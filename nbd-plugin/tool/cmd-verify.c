/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/image.h"
#include "engine/format/seek-table-load.h"
#include "common/secret.h"
#include "common/status.h"
#include "tool/commands.h"
#include "engine/verity/image-info.h"
#include "engine/verity/verity-build.h"

#define READ_BYTES (4U << 20)
#define BLOCKS_NAMED 10

static void help(void)
{
	printf("Usage: farroot verify FILE|URL ROOTHASH [KEY=VALUE]...\n"
	       "Reads a whole image and verifies each block.  For a FILE, prints the offsets of\n"
	       "the first damaged blocks.  For a URL, fails when no usable data has come for\n"
	       "outage= seconds (60).\n\n"
	       "  KEY=VALUE   parameters for a URL, see nbdkit-farroot-plugin(1)\n"
	       "      --help  show this\n");
}

static void name_bad(void *ctx, uint64_t block)
{
	uint64_t *count = ctx;

	if ((*count)++ < BLOCKS_NAMED)
		printf("block %" PRIu64 " (offset %" PRIu64 ") does not verify\n",
		       block, block * VERITY_BLOCK_SIZE);
}

/* Tells what is compressed in data that has verified.  Returns the exit status. */
static int tell_compressed(const char *path, seek_table_read *read, void *ctx, uint64_t data_bytes)
{
	char why[SEEK_TABLE_WHY];
	struct seek_table table;
	const char *program;
	int err = seek_table_probe(read, ctx, data_bytes, &table, &program, why);

	if (err == -ENOENT)
		return 0;
	if (err) {
		fprintf(stderr, "farroot verify: %s: compressed image: %s\n", path, why);
		return EXIT_FAILURE;
	}
	printf("%s: %" PRIu64 " bytes, compressed to %" PRIu64 " bytes in %" PRIu32 " frames\n", path,
	       table.size_bytes, data_bytes, table.frames);
	seek_table_free(&table);
	return 0;
}

static int verify_file(const char *path, const struct options *options)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), tree_fd = -1, err, status;
	const char *why = NULL;
	uint64_t count = 0;
	struct verity v;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		why = strerror(errno);
	else if (!options->hash_tree)
		why = image_tree_open(fd, (uint64_t)st.st_size, options->roothash, &v);
	else if ((tree_fd = image_tree_file_open(path, options->hash_tree)) < 0)
		why = strerror(-tree_fd);
	else
		why = image_tree_open_apart(tree_fd, (uint64_t)st.st_size, options->roothash, &v);
	if (why) {
		fprintf(stderr, "farroot verify: %s%s: %s\n", path, options->hash_tree ? options->hash_tree : "", why);
		if (tree_fd >= 0)
			close(tree_fd);
		if (fd >= 0)
			close(fd);
		return EXIT_FAILURE;
	}
	err = verity_check_file(&v, fd, tree_fd, name_bad, &count);
	if (err)
		fprintf(stderr, "farroot verify: %s: %s\n", path, strerror(-err));
	else if (count)
		fprintf(stderr, "farroot verify: %s: %" PRIu64 " of %" PRIu64 " blocks do not verify\n",
			path, count, v.total_blocks);
	else
		printf("%s: all %" PRIu64 " blocks verify\n", path, v.total_blocks);
	status = err || count ? EXIT_FAILURE :
		 tell_compressed(path, seek_table_read_file, &fd, v.data_blocks * VERITY_BLOCK_SIZE);
	verity_free(&v);
	if (tree_fd >= 0)
		close(tree_fd);
	close(fd);
	return status;
}

static void to_stderr(void *ctx, enum log_level level, const char *message)
{
	(void)ctx;
	if (level == LOG_WARN)
		fprintf(stderr, "farroot verify: %s\n", message);
}

static int read_table(void *ctx, void *buf, uint32_t count, uint64_t offset)
{
	return image_pread(ctx, buf, count, offset, NULL);
}

static int read_all(struct image *image, const char *url)
{
	uint8_t *buffer = malloc(READ_BYTES);
	uint64_t at, size = 0;
	uint32_t count;
	struct status status;
	int err = buffer ? image_wait_open(image, NULL) : -ENOMEM;

	if (!err)
		size = image_size(image);
	for (at = 0; at < size && !err; at += count) {
		count = size - at < READ_BYTES ? (uint32_t)(size - at) : READ_BYTES;
		err = image_pread(image, buffer, count, at, NULL);
	}
	free(buffer);
	if (!err) {
		printf("%s: all %" PRIu64 " blocks verify\n", url, size / VERITY_BLOCK_SIZE);
		return tell_compressed(url, read_table, image, image_data_size(image));
	}
	image_status(image, &status);
	fprintf(stderr, "farroot verify: %s: cannot read the image: %s\n", url,
		status.last_error[0] ? status.last_error : strerror(-err));
	return EXIT_FAILURE;
}

static int verify_url(struct options *options, const char *url)
{
	const struct log log = { .write = to_stderr };
	struct image *image;
	int status = EXIT_FAILURE;

	if (image_new(options, &log, &image))
		return EXIT_FAILURE;
	if (!image_start(image, NULL, NULL))
		status = read_all(image, url);
	image_free(image);
	return status;
}

static int set(struct options *options, const char *key, const char *value, char *why, size_t why_size)
{
	return secret_is_key(key) ? secret_set(options, key, value, why, why_size) :
				    options_set(options, key, value, why, why_size);
}

static int set_up(struct options *options, int argc, char **argv, char *why, size_t why_size)
{
	const char *const defaults[][2] = {
		{ "cache", "64M" }, { "fill", "no" }, { "outage", "60" },
	};
	char *equals;
	size_t i;
	int n, err = 0;

	for (i = 0; i < sizeof defaults / sizeof defaults[0] && !err; i++)
		err = options_set(options, defaults[i][0], defaults[i][1], why, why_size);
	if (!err)
		err = options_set(options, "roothash", argv[1], why, why_size);
	for (n = 2; n < argc && !err; n++) {
		equals = strchr(argv[n], '=');
		if (!equals) {
			snprintf(why, why_size, "%s: not KEY=VALUE", argv[n]);
			return -EINVAL;
		}
		*equals = '\0';
		err = set(options, argv[n], equals + 1, why, why_size);
		*equals = '=';
	}
	return err;
}

int cmd_verify(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options;
	char why[512];
	bool is_url;
	int c, status, err;

	while ((c = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (c != 'h')
			return tool_usage_error("verify", "bad option");
		help();
		return 0;
	}
	argc -= optind;
	argv += optind;
	if (argc < 2)
		return tool_usage_error("verify", "name an image and its root hash");
	if (!strncmp(argv[1], "roothash=", 9))
		argv[1] += 9;
	options_init(&options);
	is_url = parse_is_url(argv[0]);
	err = set_up(&options, argc, argv, why, sizeof why);
	if (!err && is_url)
		err = options_set(&options, "url", argv[0], why, sizeof why);
	if (!err && is_url)
		err = options_check(&options, why, sizeof why);
	if (!err && !is_url && options.hash_tree && options.hash_tree[0] != '.') {
		err = -EINVAL;
		snprintf(why, sizeof why, "hash-tree=%s: of a FILE it must begin with a dot: what is appended to its name",
			 options.hash_tree);
	}
	if (err)
		status = tool_usage_error("verify", "%s", why);
	else
		status = is_url ? verify_url(&options, argv[0]) :
				  verify_file(argv[0], &options);
	options_free(&options);
	return status;
}
