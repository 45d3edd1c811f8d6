/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack/pack.h"
#include "pack/packed-image.h"
#include "pack/seekable-file.h"
#include "engine/format/compressed-file.h"
#include "engine/format/seek-table-load.h"
#include "engine/format/squashfs-superblock.h"
#include "engine/verity/verity-build.h"

/* For remove_temporary: a signal handler has no other argument. */
static const char *volatile temporary_to_remove;

static void remove_temporary(int signal_number)
{
	if (temporary_to_remove)
		unlink(temporary_to_remove);
	raise(signal_number);	/* the default action now (SA_RESETHAND): ends the process */
}

static void remove_on_signals(const char *path)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction action = {
		.sa_handler = remove_temporary, .sa_flags = (int)SA_RESETHAND };
	size_t i;

	temporary_to_remove = path;
	/* A write past the limit of a file's size returns EFBIG then. */
	signal(SIGXFSZ, SIG_IGN);
	for (i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &action, NULL);
}

static void print_result(const struct pack *p, const struct verity *v, const char *hex)
{
	printf("roothash=%s\n", hex);
	printf("size=%" PRIu64 "\n", v->total_blocks * VERITY_BLOCK_SIZE);
	if (p->uncompressed_bytes)
		printf("uncompressed-size=%" PRIu64 "\n", p->uncompressed_bytes);
	printf("hash-offset=%" PRIu64 "\n", v->data_blocks * VERITY_BLOCK_SIZE);
	printf("kernel-arguments=boot=farroot farroot=%s roothash=%s ip=dhcp\n", p->url, hex);
}

/* Returns 0 or PACK_SAID. */
static int refuse_truncated(const struct pack *p, const struct packed_image *found, uint64_t size)
{
	if (found->size_bytes <= size)
		return 0;
	fprintf(stderr, "farroot pack: %s → %s: this looks like a truncated packed image: the last %" PRIu64
		" bytes are missing. Get the whole image again; or remove what is left of its hash tree"
		" by 'truncate -s %" PRIu64 "', and pack that\n",
		p->input, p->output, found->size_bytes - size, found->hash_offset);
	return PACK_SAID;
}

int pack_refuse_truncated(const struct pack *p)
{
	int fd = open(p->input, O_RDONLY | O_CLOEXEC), err = 0;
	struct packed_image found;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		err = -errno;
	else if (packed_image_find(fd, (uint64_t)st.st_size, &found))
		err = refuse_truncated(p, &found, (uint64_t)st.st_size);
	if (fd >= 0)
		close(fd);
	return err;
}

/* A second tree would verify, but the user would not expect it. */
int pack_refuse(const struct pack *p, const struct packed_image *found, uint64_t size)
{
	int err = refuse_truncated(p, found, size);

	return err ? err : -EALREADY;
}

/* Returns whether the image is a squashfs whose superblock names more than size bytes. */
static bool is_truncated(int fd, uint64_t size)
{
	uint8_t bytes[SQUASHFS_SUPERBLOCK_SIZE];
	struct squashfs_tables tables;

	return pread(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes &&
	       squashfs_superblock_tables(bytes, sizeof bytes, UINT64_MAX, &tables) &&
	       tables.end > size;
}

int pack_refuse_compressed(const struct pack *p, const char *program)
{
	fprintf(stderr, "farroot pack: %s: this is compressed as a whole, by %s: no part of it could be read"
		" without all before that part. Compress it in parts: %s -dc < IMAGE | farroot pack --zstd - -o OUT\n",
		p->input, program, program);
	return PACK_SAID;
}

/* A seekable file may be packed as it is. */
static int refuse_compressed(const struct pack *p, int fd, uint64_t size)
{
	uint8_t bytes[COMPRESSED_FILE_BYTES];
	ssize_t got = pread(fd, bytes, sizeof bytes, 0);
	const char *program = got > 0 ? compressed_file_program(bytes, (size_t)got) : NULL;

	if (!program || seekable_file_has_table(fd, size))
		return 0;
	return pack_refuse_compressed(p, program);
}

int pack_check_input(const struct pack *p, int fd, uint64_t size)
{
	struct packed_image found;

	if (!size)
		return -ENODATA;
	if (packed_image_find(fd, size, &found))
		return pack_refuse(p, &found, size);
	return is_truncated(fd, size) ? PACK_TRUNCATED : refuse_compressed(p, fd, size);
}

/* If the data is a seekable file, its seek table must be its end also after it was padded. */
static int pad_seekable(struct pack *p, int fd, uint64_t size)
{
	char why[SEEK_TABLE_WHY];
	struct seek_table table;
	int err = seek_table_load(seek_table_read_file, &fd, size, &table, why);

	if (err == -ENOENT)
		return 0;
	if (err) {
		fprintf(stderr, "farroot pack: %s: %s\n", p->input, why);
		return PACK_SAID;
	}
	p->uncompressed_bytes = table.size_bytes;
	if (size % VERITY_BLOCK_SIZE)
		err = seekable_file_pad(fd, &table);
	seek_table_free(&table);
	return err;
}

/* Pads the image in fd and appends the tree.  If it returns 0, v is initialized and must be
 * freed.
 */
static int append_tree(struct pack *p, int fd, struct verity *v)
{
	uint8_t salt[VERITY_PACK_SALT_SIZE];
	uint64_t blocks;
	struct stat st;
	int err;

	if (fstat(fd, &st))
		return -errno;
	err = pack_check_input(p, fd, (uint64_t)st.st_size);
	if (!err)
		err = pad_seekable(p, fd, (uint64_t)st.st_size);
	if (!err && fstat(fd, &st))
		err = -errno;
	if (err)
		return err;
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

/* rename would replace anything, even /dev/null. */
static int check_output(const struct pack *p)
{
	struct stat in, out;

	if (stat(p->output, &out))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISREG(out.st_mode))
		return -ENOTSUP;
	if (stat(p->input, &in))
		return -errno;
	return in.st_dev == out.st_dev && in.st_ino == out.st_ino ? -EEXIST : 0;
}

static const char *reason(int err)
{
	switch (err) {
	case -ENODATA:
		return "the image is empty";
	case -EALREADY:
		return "the image is already packed";
	case -ENOTSUP:
		return "the output exists and is not a regular file";
	case -EEXIST:
		return "the output is the image itself";
	case PACK_TRUNCATED:
		return "the squashfs is truncated: its superblock names more bytes";
	case PACK_CHANGED:
		return "the size of the image changed while it was read";
	default:
		return strerror(-err);
	}
}

static void write_hex(const struct verity *v, char hex[PACK_HEX_SIZE])
{
	unsigned i;

	for (i = 0; i < VERITY_DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", v->root[i]);
}

/* Makes the file readable for a web server, and gives it its name. */
static int publish(const struct pack *p, const char *temporary, int fd)
{
	return fchmod(fd, 0644) || rename(temporary, p->output) ? -errno : sync_folder(p->output);
}

static int make(struct pack *p, char *temporary, int fd)
{
	char hex[PACK_HEX_SIZE];
	struct verity v;
	int err = p->fill(p, temporary, fd);

	if (!err)
		err = append_tree(p, fd, &v);
	if (err)
		return err;
	write_hex(&v, hex);
	if (p->finish)
		err = p->finish(p, temporary, hex);
	if (!err)
		err = publish(p, temporary, fd);
	if (!err)
		print_result(p, &v, hex);
	verity_free(&v);
	return err;
}

bool pack_is_full(int err)
{
	return err == -ENOSPC || err == -EDQUOT || err == -EFBIG;
}

int pack_run(struct pack *p)
{
	char *temporary = NULL;
	int err = check_output(p), fd = -1;

	if (!err && asprintf(&temporary, "%s.XXXXXX", p->output) < 0)
		err = -ENOMEM;
	if (!err) {
		fd = mkostemp(temporary, O_CLOEXEC);
		err = fd < 0 ? -errno : 0;
	}
	if (!err) {
		remove_on_signals(temporary);
		err = make(p, temporary, fd);
		/* After the rename the temporary name does not exist. */
		if (err)
			unlink(temporary);
		temporary_to_remove = NULL;
	}
	if (fd >= 0)
		close(fd);
	if (pack_is_full(err))
		fprintf(stderr, "farroot pack: %s: %s\n", p->output, reason(err));
	else if (err && err != PACK_SAID)
		fprintf(stderr, "farroot pack: %s → %s: %s\n", p->input, p->output, reason(err));
	free(temporary);
	return err ? EXIT_FAILURE : 0;
}
