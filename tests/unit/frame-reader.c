/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A source that keeps its reads until the test lets them go takes the place of the engine.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>
#include <zstd.h>

#include "check.h"
#include "common/clock.h"
#include "engine/export/frame-reader.h"

#define SIZE (6U << 20)
#define PENDING_MAX 200
#define LIMIT_MS 20000

static uint8_t data[SIZE], *file, *table_bytes;
static size_t file_bytes;
static struct frame_reader *reader;
static unsigned failures;	/* lines of the log */

static struct {
	pthread_mutex_t lock;
	bool holds;		/* keeps reads until let_go */
	int result;
	unsigned started, cancelled, count;
	struct pending {
		void *buf;
		uint32_t bytes;
		uint64_t offset;
		void (*done)(void *ctx, int result);
		void *ctx;
		bool is_cancelled;
	} pending[PENDING_MAX];
} source = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void finish(const struct pending *p, int result)
{
	if (!result)
		memcpy(p->buf, file + p->offset, p->bytes);
	p->done(p->ctx, result);
}

static int start(void *ctx, void *buf, uint32_t bytes, uint64_t offset,
		 void (*done)(void *done_ctx, int result), void *done_ctx, void **read)
{
	struct pending p = { buf, bytes, offset, done, done_ctx, false };
	bool holds;

	(void)ctx;
	CHECK(offset + bytes <= file_bytes);
	pthread_mutex_lock(&source.lock);
	source.started++;
	holds = source.holds;
	if (holds) {
		CHECK(source.count < PENDING_MAX);
		*read = &source.pending[source.count];
		source.pending[source.count++] = p;
	}
	pthread_mutex_unlock(&source.lock);
	if (!holds)
		finish(&p, source.result);
	return 0;
}

static void cancel(void *ctx, void *read)
{
	(void)ctx;
	((struct pending *)read)->is_cancelled = true;
	source.cancelled++;
}

/* All that are kept. */
static void let_go(void)
{
	unsigned i;

	for (i = 0; i < source.count; i++)
		finish(&source.pending[i], source.pending[i].is_cancelled ? -ESHUTDOWN : source.result);
	source.count = 0;
}

static void write_log(void *ctx, enum log_level level, const char *message)
{
	(void)ctx;
	(void)level;
	CHECK_SAYS(message, "compressed image: frame ");
	failures++;
}

static const struct log to_test = { .write = write_log };

static void put32(uint8_t *at, uint32_t n)
{
	at[0] = (uint8_t)n;
	at[1] = (uint8_t)(n >> 8);
	at[2] = (uint8_t)(n >> 16);
	at[3] = (uint8_t)(n >> 24);
}

/* A seekable file of data in frames of this size, with an empty frame behind each 10th. */
static void make_file(uint32_t frame)
{
	uint32_t most = 2 * (SIZE / frame + 2), n = 0, at, size;
	ZSTD_CCtx *ctx = ZSTD_createCCtx();
	uint8_t *entry;
	size_t got;

	free(file);
	free(table_bytes);
	file = malloc(ZSTD_compressBound(frame) * (SIZE / frame + 1) + 16 * most);
	table_bytes = calloc(most, 8);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
	file_bytes = 0;
	for (at = 0; at < SIZE; at += size) {
		size = SIZE - at < frame ? SIZE - at : frame;
		got = ZSTD_compress2(ctx, file + file_bytes, ZSTD_compressBound(frame), data + at, size);
		CHECK(!ZSTD_isError(got));
		file_bytes += got;
		entry = table_bytes + SEEK_TABLE_HEADER + 8 * n++;
		put32(entry, (uint32_t)got);
		put32(entry + 4, size);
		if (n % 10)
			continue;
		memcpy(file + file_bytes, "\x50\x2a\x4d\x18\0\0\0\0", 8);
		file_bytes += 8;
		put32(entry + 8, 8);
		put32(entry + 12, 0);
		n++;
	}
	ZSTD_freeCCtx(ctx);
	put32(table_bytes, SEEK_TABLE_FRAME_MAGIC);
	put32(table_bytes + 4, 8 * n + SEEK_TABLE_FOOTER);
	put32(table_bytes + SEEK_TABLE_HEADER + 8 * n, n);
	table_bytes[SEEK_TABLE_HEADER + 8 * n + 4] = 0;
	put32(table_bytes + SEEK_TABLE_HEADER + 8 * n + 5, SEEK_TABLE_MAGIC);
}

static void open_reader(uint32_t frame)
{
	struct frame_source s = { .start = start, .cancel = cancel };
	struct seek_table_place place = { .offset = 0 };
	char why[SEEK_TABLE_WHY];
	struct seek_table t;
	uint32_t rest;

	make_file(frame);
	rest = (uint32_t)table_bytes[4] | (uint32_t)table_bytes[5] << 8 | (uint32_t)table_bytes[6] << 16;
	place.offset = file_bytes;
	place.bytes = SEEK_TABLE_HEADER + rest;
	place.frames = (rest - SEEK_TABLE_FOOTER) / 8;
	CHECK_EQ(seek_table_parse(&place, table_bytes, &t, why), 0);
	source.holds = false;
	source.result = 0;
	source.started = source.cancelled = source.count = 0;
	failures = 0;
	CHECK_EQ(frame_reader_new(&t, &s, &to_test, &reader), 0);
	CHECK_EQ(frame_reader_size(reader), SIZE);
}

static void close_reader(void)
{
	frame_reader_free(reader);
}

static uint8_t buf[SIZE];

static void reads_right(uint32_t count, uint64_t offset)
{
	memset(buf, 0x77, count);
	CHECK_EQ(frame_reader_pread(reader, buf, count, offset, NULL), 0);
	CHECK(!memcmp(buf, data + offset, count));
}

static void reads_any_range(uint32_t frame)
{
	unsigned i, seed = 1;
	uint64_t offset;
	uint32_t count;

	open_reader(frame);
	reads_right(1, 0);
	reads_right(1, SIZE - 1);
	reads_right(frame / 2, frame / 2);
	for (i = 0; i < 300; i++) {
		count = 1 + (uint32_t)rand_r(&seed) % (i % 10 ? 200000 : 1);
		offset = (uint64_t)rand_r(&seed) % (SIZE - count + 1);
		reads_right(count, offset);
		/* Once more, of frames that are cached. */
		reads_right(count, offset);
		reads_right(count < 5000 ? count : 5000, offset);
	}
	reads_right(SIZE, 0);
	close_reader();
}

/* A read without a thread. */
struct wish {
	_Atomic int done;
	int result;
	uint8_t bytes[200000];
	struct frame_read *read;
};

static void wish_done(void *ctx, int result)
{
	struct wish *w = ctx;

	w->result = result;
	w->done++;
}

static void wish_for(struct wish *w, uint32_t count, uint64_t offset)
{
	w->done = 0;
	CHECK_EQ(frame_reader_start(reader, w->bytes, count, offset, wish_done, w, &w->read), 0);
}

static void wait_for(struct wish *w, int result)
{
	uint64_t began = clock_ms();

	while (!w->done) {
		CHECK(clock_ms() - began < LIMIT_MS);
		usleep(1000);
	}
	CHECK_EQ(w->done, 1);
	CHECK_EQ(w->result, result);
}

static struct wish wishes[100];

static void fetches_a_frame_once(void)
{
	unsigned i;

	open_reader(65536);
	source.holds = true;
	for (i = 0; i < 100; i++)
		wish_for(&wishes[i], 4096, 65536 + i * 500);
	CHECK_EQ(source.started, 1);
	usleep(50000);
	CHECK_EQ(wishes[0].done, 0);
	let_go();
	for (i = 0; i < 100; i++) {
		wait_for(&wishes[i], 0);
		CHECK(!memcmp(wishes[i].bytes, data + 65536 + i * 500, 4096));
	}
	CHECK_EQ(source.started, 1);
	/* In the cache. */
	CHECK_EQ(frame_reader_present(reader, buf, 65536, 65536), 0);
	CHECK_EQ(frame_reader_present(reader, buf, 65537, 65536), -EAGAIN);
	CHECK_EQ(frame_reader_present(reader, buf, 2, 65535), -EAGAIN);
	CHECK_EQ(source.started, 1);
	close_reader();
}

static void hits_do_not_wait(void)
{
	uint64_t began;

	open_reader(65536);
	reads_right(65536, 0);
	source.holds = true;
	wish_for(&wishes[0], 4096, 1 << 20);
	wish_for(&wishes[1], 100000, 0);	/* a cached frame and an absent one */
	began = clock_ms();
	reads_right(65536, 0);
	CHECK_EQ(frame_reader_present(reader, buf, 1000, 100), 0);
	CHECK(clock_ms() - began < 1000);
	CHECK_EQ(wishes[0].done + wishes[1].done, 0);
	/* All absent frames of a read are fetched at once. */
	wish_for(&wishes[2], 200000, 2 << 20);
	CHECK_EQ(source.started, 1 + 1 + 1 + 4);
	let_go();
	wait_for(&wishes[0], 0);
	wait_for(&wishes[1], 0);
	wait_for(&wishes[2], 0);
	CHECK(!memcmp(wishes[2].bytes, data + (2 << 20), 200000));
	close_reader();
}

static void passes_errors_on(void)
{
	open_reader(65536);
	source.result = -EIO;
	CHECK_EQ(frame_reader_pread(reader, buf, 100, 0, NULL), -EIO);
	CHECK_EQ(frame_reader_pread(reader, buf, 200000, 0, NULL), -EIO);
	CHECK_EQ(failures, 0);
	/* A later read tries again. */
	source.result = 0;
	reads_right(200000, 0);
	close_reader();

	open_reader(65536);
	source.holds = true;
	source.result = -ESHUTDOWN;
	wish_for(&wishes[0], 100, 0);
	wish_for(&wishes[1], 100, 10);
	let_go();
	/* The end of the reader waits for the results. */
	close_reader();
	wait_for(&wishes[0], -ESHUTDOWN);
	wait_for(&wishes[1], -ESHUTDOWN);
}

static void names_damage(void)
{
	open_reader(65536);
	file[file_bytes / 2] ^= 1;
	CHECK_EQ(frame_reader_pread(reader, buf, SIZE, 0, NULL), -EBADMSG);
	CHECK_EQ(failures, 1);
	reads_right(65536, 0);
	close_reader();
}

static void cancels(void)
{
	open_reader(65536);
	source.holds = true;
	wish_for(&wishes[0], 100000, 0);
	wish_for(&wishes[1], 10, 0);
	frame_read_cancel(reader, wishes[0].read);
	wait_for(&wishes[0], -ESHUTDOWN);
	/* Another read waits for the first frame, and none for the second. */
	CHECK_EQ(source.cancelled, 1);
	CHECK(source.pending[1].is_cancelled);
	/* A new read of that frame is not cancelled with it. */
	wish_for(&wishes[2], 10, 70000);
	CHECK_EQ(source.started, 3);
	let_go();
	wait_for(&wishes[1], 0);
	wait_for(&wishes[2], 0);
	CHECK(!memcmp(wishes[2].bytes, data + 70000, 10));
	close_reader();
}

static bool is_cancelled(void *ctx)
{
	(void)ctx;
	return true;
}

static void cancels_a_thread(void)
{
	struct cancel c = { .is_cancelled = is_cancelled };

	open_reader(65536);
	source.holds = true;
	CHECK_EQ(frame_reader_pread(reader, buf, 10, 0, &c), -ESHUTDOWN);
	CHECK_EQ(source.cancelled, 1);
	let_go();
	source.holds = false;
	reads_right(10, 0);
	close_reader();
}

static void *read_much(void *ctx)
{
	unsigned seed = (unsigned)(uintptr_t)ctx, i;
	uint8_t *mine = malloc(300000);
	uint64_t offset;
	uint32_t count;

	for (i = 0; i < 400; i++) {
		count = 1 + (uint32_t)rand_r(&seed) % 300000;
		offset = (uint64_t)rand_r(&seed) % (SIZE - count + 1);
		CHECK_EQ(frame_reader_pread(reader, mine, count, offset, NULL), 0);
		CHECK(!memcmp(mine, data + offset, count));
	}
	free(mine);
	return NULL;
}

static void serves_many_threads(uint32_t frame)
{
	pthread_t threads[8];
	uintptr_t i;

	open_reader(frame);
	for (i = 0; i < 8; i++)
		CHECK(!pthread_create(&threads[i], NULL, read_much, (void *)(i + 1)));
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	close_reader();
}

int main(void)
{
	unsigned i;

	for (i = 0; i < SIZE; i++)
		data[i] = (uint8_t)((i * 2654435761U >> 13) ^ (i / 3000));
	reads_any_range(65536);
	reads_any_range(1000);
	reads_any_range(SIZE);
	fetches_a_frame_once();
	hits_do_not_wait();
	passes_errors_on();
	names_damage();
	cancels();
	cancels_a_thread();
	serves_many_threads(65536);
	serves_many_threads(3000);
	free(file);
	free(table_bytes);
	return 0;
}
