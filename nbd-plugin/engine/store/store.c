/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Eviction is the clock algorithm over groups of blocks: a ring of the resident groups, in
 * order of arrival.  A group that was read since the hand last passed it stays for another
 * round.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/atomic-bitmap.h"
#include "common/file-io.h"
#include "engine/store/capacity.h"
#include "engine/store/store.h"

#define READ_TRIES 3
#define CAPACITY_MIN_BYTES (1ULL << 20)

struct store {
	const struct log *log;
	char *path;		/* NULL: a file without a name, in memory */
	bool is_in_memory;
	int fd;
	const uint8_t *map;	/* mapping of a store in memory, for reads; or NULL */
	uint64_t size_bytes, blocks;
	struct atomic_bitmap present;
	struct atomic_bitmap candidate;	/* words is NULL for a store in memory */
	_Atomic uint64_t present_blocks;
	_Atomic uint64_t generation;
	_Atomic uint64_t capacity_blocks;	/* unbounded if >= blocks */
	uint64_t used_blocks;	/* present and candidate */
	uint64_t told_blocks;	/* the capacity that was logged last; 0: none */
	uint64_t full_capacity_blocks;	/* before the first store_give_back; 0: there was none */
	_Atomic bool bounded;	/* true: the fields below are used */
	struct atomic_bitmap read_lately;	/* per group */
	struct atomic_bitmap resident;	/* per group: it is in the ring */
	uint32_t *ring;
	uint64_t ring_size, ring_head, ring_count;
};

static uint64_t groups_of(const struct store *s)
{
	return (s->blocks + STORE_GROUP - 1) / STORE_GROUP;
}

static uint32_t block_bytes(const struct store *s, uint64_t block)
{
	uint64_t left = s->size_bytes - block * STORE_BLOCK;

	return left < STORE_BLOCK ? (uint32_t)left : STORE_BLOCK;
}

static int memory_file(void)
{
	int fd = memfd_create("farroot", MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int disk_file(const char *path, const struct log *log)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;
	int err = 0;

	if (fd < 0) {
		err = -errno;
		log_say(log, LOG_WARN, "store=%s: %s", path, strerror(errno));
		return err;
	}
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	else if (flock(fd, LOCK_EX | LOCK_NB))
		err = -errno;
	if (!err)
		return fd;
	log_say(log, LOG_WARN, "store=%s: %s", path,
		err == -EINVAL ? "not a regular file" :
		err == -EWOULDBLOCK ? "in use by another process" : strerror(-err));
	close(fd);
	return err;
}

static bool is_on_tmpfs(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

int store_new(const char *path, const struct log *log, struct store **out)
{
	struct store *s = calloc(1, sizeof *s);
	int fd;

	if (!s)
		return -ENOMEM;
	fd = path ? disk_file(path, log) : memory_file();
	if (fd < 0) {
		free(s);
		return fd;
	}
	s->fd = fd;
	s->is_in_memory = !path || is_on_tmpfs(fd);
	s->log = log;
	if (path) {
		s->path = strdup(path);
		if (!s->path) {
			store_free(s);
			return -ENOMEM;
		}
	}
	*out = s;
	return 0;
}

static void free_maps(struct store *s)
{
	bitmap_free(&s->present);
	bitmap_free(&s->candidate);
	bitmap_free(&s->read_lately);
	bitmap_free(&s->resident);
	if (s->ring)
		munmap(s->ring, s->ring_size * sizeof *s->ring);
	if (s->map)
		munmap((void *)s->map, s->size_bytes);
}

void store_forget_size(struct store *s)
{
	const struct store same = {
		.log = s->log, .path = s->path, .fd = s->fd, .is_in_memory = s->is_in_memory,
	};

	free_maps(s);
	memcpy(s, &same, sizeof same);
}

void store_free(struct store *s)
{
	if (!s)
		return;
	free_maps(s);
	close(s->fd);
	free(s->path);
	free(s);
}

int store_disk_fd(const struct store *s)
{
	return s->path ? s->fd : -1;
}

bool store_is_in_memory(const struct store *s)
{
	return s->is_in_memory;
}

static void ring_push(struct store *s, uint64_t group)
{
	s->ring[(s->ring_head + s->ring_count++) % s->ring_size] = (uint32_t)group;
}

static uint64_t ring_pop(struct store *s)
{
	uint64_t group = s->ring[s->ring_head];

	s->ring_head = (s->ring_head + 1) % s->ring_size;
	s->ring_count--;
	return group;
}

static void make_resident(struct store *s, uint64_t block)
{
	uint64_t group = block / STORE_GROUP;

	if (s->bounded && !bitmap_set(&s->resident, group))
		ring_push(s, group);
}

static bool holds(const struct store *s, uint64_t block)
{
	return bitmap_test(&s->present, block) || store_is_candidate(s, block);
}

/* Starts to record recent reads, so that groups can be evicted. */
static int become_bounded(struct store *s, uint64_t capacity_blocks)
{
	uint64_t block;
	void *ring;
	int err;

	s->capacity_blocks = capacity_blocks;
	if (s->bounded)
		return 0;
	err = bitmap_init(&s->read_lately, groups_of(s));
	if (!err)
		err = bitmap_init(&s->resident, groups_of(s));
	if (err)
		return err;
	/* Each group in the ring holds a block, or held one when the file was opened. */
	s->ring_size = capacity_blocks + s->used_blocks + STORE_GROUP;
	if (s->ring_size > groups_of(s))
		s->ring_size = groups_of(s);
	ring = mmap(NULL, s->ring_size * sizeof *s->ring, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ring == MAP_FAILED)
		return -errno;
	s->ring = ring;
	s->bounded = true;
	if (s->used_blocks)
		for (block = 0; block < s->blocks; block++)
			if (holds(s, block))
				make_resident(s, block);
	return 0;
}

static void forget(struct store *s, uint64_t block)
{
	if (bitmap_clear(&s->present, block)) {
		s->present_blocks--;
		s->used_blocks--;
	} else if (s->candidate.words && bitmap_clear(&s->candidate, block)) {
		s->used_blocks--;
	}
}

/* Frees the space in the file.  Must be called after forget, never before. */
static void punch(struct store *s, uint64_t block, uint64_t count)
{
	atomic_fetch_add(&s->generation, 1);
	fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		  (off_t)(block * STORE_BLOCK), (off_t)(count * STORE_BLOCK));
}

static void evict_one(struct store *s)
{
	uint64_t group = ring_pop(s), block, end;

	while (bitmap_clear(&s->read_lately, group)) {
		ring_push(s, group);
		group = ring_pop(s);
	}
	bitmap_clear(&s->resident, group);
	block = group * STORE_GROUP;
	end = block + STORE_GROUP < s->blocks ? block + STORE_GROUP : s->blocks;
	for (; block < end; block++)
		forget(s, block);
	punch(s, group * STORE_GROUP, STORE_GROUP);
}

static void make_room(struct store *s, uint32_t blocks)
{
	while (s->bounded && s->ring_count && !store_has_room(s, blocks))
		evict_one(s);
}

/* Marks the blocks that an earlier run has left in the file as candidates. */
static int find_candidates(struct store *s)
{
	off_t from = 0, to;
	uint64_t block, last;

	while ((from = lseek(s->fd, from, SEEK_DATA)) >= 0) {
		to = lseek(s->fd, from, SEEK_HOLE);
		if (to < 0)
			return -errno;
		last = ((uint64_t)to + STORE_BLOCK - 1) / STORE_BLOCK;
		for (block = (uint64_t)from / STORE_BLOCK; block < last && block < s->blocks; block++)
			if (!bitmap_set(&s->candidate, block))
				s->used_blocks++;
		from = to;
	}
	return errno == ENXIO ? 0 : -errno;
}

/* Maps a store in memory, because a read of a mapping needs no system call.  A store on a
 * disk is not mapped: a failed disk would cause SIGBUS.  A store that evicts is not mapped:
 * a read of a hole would allocate a page, beyond the capacity.  Without a mapping, reads
 * use pread.
 */
static void map_to_read(struct store *s)
{
	void *map;

	if (s->path || s->bounded || s->size_bytes > SIZE_MAX || !s->size_bytes)
		return;
	map = mmap(NULL, (size_t)s->size_bytes, PROT_READ, MAP_SHARED | MAP_NORESERVE, s->fd, 0);
	if (map != MAP_FAILED)
		s->map = map;
}

/* The disk has failed: continues with an empty store in memory. */
static int move_to_memory(struct store *s, int why)
{
	uint64_t room = capacity_memory_available() / 2, block;
	int fd = memory_file();

	if (fd < 0)
		return fd;
	log_say(s->log, LOG_WARN, "store=%s: cannot write: %s; continuing with an empty cache in memory, which is lost at the end",
		s->path, strerror(-why));
	for (block = 0; block < s->blocks; block++)
		forget(s, block);
	atomic_fetch_add(&s->generation, 1);
	/* dup3 replaces the file for all readers in one step. */
	if (ftruncate(fd, (off_t)s->size_bytes) || dup3(fd, s->fd, O_CLOEXEC) < 0) {
		close(fd);
		return -errno;
	}
	close(fd);
	free(s->path);
	s->path = NULL;
	s->is_in_memory = true;
	s->full_capacity_blocks = 0;
	return s->size_bytes > room ? become_bounded(s, room / STORE_BLOCK) : 0;
}

int store_set_size(struct store *s, uint64_t size_bytes, uint64_t capacity_bytes)
{
	int err;

	s->size_bytes = size_bytes;
	s->blocks = (size_bytes + STORE_BLOCK - 1) / STORE_BLOCK;
	s->capacity_blocks = (capacity_bytes + STORE_BLOCK - 1) / STORE_BLOCK;
	err = bitmap_init(&s->present, s->blocks);
	if (!err && s->path)
		err = bitmap_init(&s->candidate, s->blocks);
	if (!err && ftruncate(s->fd, (off_t)size_bytes))
		err = s->path ? move_to_memory(s, -errno) : -errno;
	if (!err && s->path)
		err = find_candidates(s);
	if (!err && s->capacity_blocks < s->blocks)
		err = become_bounded(s, s->capacity_blocks);
	/* Evicts what an earlier run with a larger capacity has left. */
	if (!err)
		make_room(s, 0);
	if (!err)
		map_to_read(s);
	if (err)
		log_say(s->log, LOG_WARN, "store %s of %" PRIu64 " bytes: %s",
			s->path ? s->path : "in memory", size_bytes, strerror(-err));
	return err;
}

bool store_has(const struct store *s, uint64_t block)
{
	return bitmap_test(&s->present, block);
}

uint64_t store_present_blocks(const struct store *s)
{
	return s->present_blocks;
}

uint64_t store_losses(const struct store *s)
{
	return s->generation;
}

uint64_t store_capacity_bytes(const struct store *s)
{
	return s->capacity_blocks * STORE_BLOCK;
}

uint64_t store_full_capacity_bytes(const struct store *s)
{
	uint64_t blocks = s->full_capacity_blocks ? s->full_capacity_blocks : s->capacity_blocks;

	return (blocks < s->blocks ? blocks : s->blocks) * STORE_BLOCK;
}

uint64_t store_used_bytes(const struct store *s)
{
	return s->used_blocks * STORE_BLOCK;
}

bool store_is_candidate(const struct store *s, uint64_t block)
{
	return s->candidate.words && bitmap_test(&s->candidate, block);
}

bool store_has_room(const struct store *s, uint32_t blocks)
{
	return !s->bounded || s->capacity_blocks >= s->blocks ||
	       s->used_blocks + blocks <= s->capacity_blocks;
}

uint64_t store_next_not_present(const struct store *s, const struct atomic_bitmap *skip, uint64_t block)
{
	return bitmap_next_clear_in_both(&s->present, skip, block);
}

uint64_t store_next_absent(const struct store *s, uint64_t block)
{
	if (s->candidate.words)
		return bitmap_next_clear_in_both(&s->present, &s->candidate, block);
	return bitmap_next_clear(&s->present, block);
}

static int read_all(int fd, void *buf, size_t count, uint64_t offset)
{
	return file_read(fd, buf, count, offset) == (ssize_t)count ? 0 : -EIO;
}

static int copy_out(const struct store *s, void *buf, uint64_t offset, uint32_t count)
{
	if (!s->map || s->bounded)
		return read_all(s->fd, buf, count, offset);
	memcpy(buf, s->map + offset, count);
	return 0;
}

int store_read(struct store *s, void *buf, uint64_t offset, uint32_t count)
{
	uint64_t first = offset / STORE_BLOCK, last = (offset + count - 1) / STORE_BLOCK;
	uint64_t block, generation;
	unsigned tries;

	for (tries = 0; tries < READ_TRIES; tries++) {
		generation = atomic_load(&s->generation);
		if (!bitmap_all_set(&s->present, first, last + 1) ||
		    copy_out(s, buf, offset, count))
			return -EAGAIN;
		atomic_thread_fence(memory_order_seq_cst);
		if (generation != atomic_load(&s->generation))
			continue;
		if (s->bounded)
			for (block = first / STORE_GROUP; block <= last / STORE_GROUP; block++)
				if (!bitmap_test(&s->read_lately, block))
					bitmap_set(&s->read_lately, block);
		return 0;
	}
	return -EAGAIN;
}

/* One line for each halving: a disk that others fill lowers the capacity in many steps. */
static void tell_full(struct store *s, uint64_t blocks)
{
	bool is_news = !s->told_blocks || blocks <= s->told_blocks / 2;

	if (is_news)
		s->told_blocks = blocks;
	log_say(s->log, is_news ? LOG_WARN : LOG_DETAIL,
		"store %s is full at %" PRIu64 " MiB; its capacity is now %" PRIu64 " MiB",
		s->path ? s->path : "in memory", s->used_blocks * STORE_BLOCK >> 20, blocks * STORE_BLOCK >> 20);
}

/* Returns 0 if the write should be tried again. */
static int recover(struct store *s, int why)
{
	uint64_t blocks = s->used_blocks - s->used_blocks / 16;

	if (why != -ENOSPC && why != -EDQUOT && why != -ENOMEM)
		return s->path ? move_to_memory(s, why) : why;
	if (blocks * STORE_BLOCK < CAPACITY_MIN_BYTES)
		return s->path ? move_to_memory(s, why) : why;
	tell_full(s, blocks);
	return become_bounded(s, blocks);
}

void store_put(struct store *s, uint64_t block, uint32_t count, const uint8_t *bytes)
{
	uint64_t i, end = block + count;
	size_t length = (size_t)(count - 1) * STORE_BLOCK + block_bytes(s, end - 1);
	unsigned tries = 0;
	int err;

	do {
		make_room(s, count);
		err = file_write(s->fd, bytes, length, block * STORE_BLOCK);
	} while (err && ++tries < READ_TRIES && !recover(s, err));
	for (i = block; i < end; i++) {
		if (err) {
			store_drop(s, i);
			continue;
		}
		if (s->candidate.words && bitmap_clear(&s->candidate, i))
			s->used_blocks--;
		make_resident(s, i);
		if (!bitmap_set(&s->present, i)) {
			s->used_blocks++;
			s->present_blocks++;
		}
	}
}

int store_read_candidate(struct store *s, uint64_t block, uint8_t out[STORE_BLOCK])
{
	uint32_t length = block_bytes(s, block);

	memset(out + length, 0, STORE_BLOCK - length);
	return read_all(s->fd, out, length, block * STORE_BLOCK);
}

void store_believe(struct store *s, uint64_t block)
{
	if (!bitmap_clear(&s->candidate, block))
		return;
	make_resident(s, block);
	bitmap_set(&s->present, block);
	s->present_blocks++;
}

void store_drop(struct store *s, uint64_t block)
{
	forget(s, block);
	punch(s, block, 1);
}

void store_track_reads(struct store *s)
{
	become_bounded(s, s->capacity_blocks);
}

void store_note_read(struct store *s, uint64_t start, uint64_t end)
{
	uint64_t group;

	if (!s->bounded || start >= end)
		return;
	for (group = start / STORE_GROUP; group <= (end - 1) / STORE_GROUP; group++)
		bitmap_set(&s->read_lately, group);
}

uint64_t store_give_back(struct store *s, uint64_t bytes)
{
	uint64_t before = s->used_blocks, blocks = (bytes + STORE_BLOCK - 1) / STORE_BLOCK;

	store_track_reads(s);
	if (!s->bounded)
		return 0;
	if (!s->full_capacity_blocks)
		s->full_capacity_blocks = s->capacity_blocks;
	s->capacity_blocks = before > blocks ? before - blocks : 0;
	make_room(s, 0);
	return (before - s->used_blocks) * STORE_BLOCK;
}

void store_restore_capacity(struct store *s)
{
	if (s->full_capacity_blocks)
		s->capacity_blocks = s->full_capacity_blocks;
	s->full_capacity_blocks = 0;
}
