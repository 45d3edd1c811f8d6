/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "engine/store/memory-state.h"

#define MEMINFO "MemTotal:         948304 kB\nMemFree:           51476 kB\nMemAvailable:     412592 kB\nBuffers: 1 kB\n"

static char directory[] = "memory-state-test.XXXXXX", meminfo[64], folder[64], pressure[80];

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	CHECK(file != NULL);
	CHECK(fputs(text, file) >= 0);
	CHECK_EQ(fclose(file), 0);
}

static void clean_up(void)
{
	unlink(meminfo);
	unlink(pressure);
	rmdir(folder);
	rmdir(directory);
}

static void of_this_machine(void)
{
	struct memory_state m;

	CHECK_EQ(memory_state_read(MEMORY_STATE_PROC, &m), 0);
	CHECK(m.total_bytes > 16 << 20);
	CHECK(m.available_bytes <= m.total_bytes);
	CHECK(m.stall_percent <= 100);
}

static void without_proc(void)
{
	struct memory_state m = { .total_bytes = 1 };

	CHECK_EQ(memory_state_read(directory, &m), -ENOENT);
	CHECK_EQ(m.total_bytes, 0);
	put(meminfo, "MemTotal:         948304 kB\nMemFree:           51476 kB\n");
	CHECK_EQ(memory_state_read(directory, &m), -EINVAL);
	CHECK_EQ(m.total_bytes, 0);
	put(meminfo, "");
	CHECK_EQ(memory_state_read(directory, &m), -EINVAL);
}

static void numbers_of_the_files(void)
{
	struct memory_state m;

	put(meminfo, MEMINFO);
	CHECK_EQ(memory_state_read(directory, &m), 0);
	CHECK_EQ(m.total_bytes, 948304 << 10);
	CHECK_EQ(m.available_bytes, 412592 << 10);
	/* A kernel without PSI. */
	CHECK(!m.has_stall);
	CHECK_EQ(mkdir(folder, 0700), 0);
	put(pressure, "some avg10=12.75 avg60=99.00 avg300=3.00 total=4\nfull avg10=50.00 avg60=0.00 avg300=0.00 total=0\n");
	CHECK_EQ(memory_state_read(directory, &m), 0);
	CHECK(m.has_stall);
	CHECK_EQ(m.stall_percent, 12);
	put(pressure, "nonsense\n");
	CHECK_EQ(memory_state_read(directory, &m), 0);
	CHECK(!m.has_stall);
	put(meminfo, "MemTotal: 10 kB\nMemAvailable: 0 kB\n");
	CHECK_EQ(memory_state_read(directory, &m), 0);
	CHECK_EQ(m.available_bytes, 0);
	CHECK_EQ(m.total_bytes, 10240);
}

static void a_trigger_is_only_for_proc(void)
{
	struct pollfd trigger = { .events = POLLPRI };
	struct memory_state m;

	put(pressure, "some avg10=12.75\n");
	CHECK_EQ(memory_state_open_trigger(directory), -EINVAL);
	CHECK_EQ(memory_state_read(directory, &m), 0);
	CHECK_EQ(m.stall_percent, 12);
	/* Old kernels refuse it, and the tests need not be run in a kernel with PSI. */
	trigger.fd = memory_state_open_trigger(MEMORY_STATE_PROC);
	if (trigger.fd < 0) {
		fprintf(stderr, "trigger: %s: not tested\n", strerror(-trigger.fd));
		return;
	}
	/* A descriptor without a trigger would have POLLERR at once, and so wake the loop for ever. */
	CHECK(poll(&trigger, 1, 0) >= 0);
	CHECK_EQ(trigger.revents & POLLERR, 0);
	close(trigger.fd);
}

int main(void)
{
	CHECK(mkdtemp(directory) != NULL);
	snprintf(meminfo, sizeof meminfo, "%s/meminfo", directory);
	snprintf(folder, sizeof folder, "%s/pressure", directory);
	snprintf(pressure, sizeof pressure, "%s/pressure/memory", directory);
	atexit(clean_up);
	of_this_machine();
	without_proc();
	numbers_of_the_files();
	a_trigger_is_only_for_proc();
	return 0;
}
