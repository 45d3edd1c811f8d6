/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Connects nbdkit to the engine; the only file that uses nbdkit.  All connections of a
 * process share one image, as can_multi_conn promises.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include "engine/export/export.h"
#include "engine/image.h"
#include "common/options.h"
#include "common/secret.h"
#include "engine/status-socket.h"

#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL

/* Since nbdkit 1.36.  Weak, because the same binary must run on older releases. */
extern void nbdkit_disconnect(int force) __attribute__((weak));

static struct options options;
static struct image *image;
static struct export *export;	/* of image */
static struct status_socket *status_socket;
static int log_fd = -1;

static void write_log(void *ctx, enum log_level level, const char *message)
{
	(void)ctx;
	if (level == LOG_DETAIL)
		nbdkit_debug("%s", message);
	else if (log_fd >= 0)
		dprintf(log_fd, "farroot: %s\n", message);
	else if (level == LOG_WARN)
		nbdkit_error("%s", message);
	else
		dprintf(STDERR_FILENO, "nbdkit: farroot: %s\n", message);
}

static struct log_limiter log_limiter = LOG_LIMITER_INIT;
static const struct log log_to_nbdkit = { .write = write_log, .limiter = &log_limiter };

/* One connection; the handle of nbdkit. */
struct client {
	pthread_mutex_t lock;	/* protects all below */
	bool is_gone;		/* or the server shuts down */
};

/* nbdkit_nanosleep ends at once when the client has closed the connection or the server
 * shuts down.  nbdkit has no other function that tells this, and it logs a line each time: only
 * one read of a connection may hear it.  The sleep of 1 ns ends before another thread wants the
 * lock.
 */
static bool client_is_gone(void *ctx)
{
	struct client *client = ctx;
	bool is_gone;

	pthread_mutex_lock(&client->lock);
	if (!client->is_gone && nbdkit_nanosleep(0, 1)) {
		client->is_gone = true;
		log_count_foreign(&log_to_nbdkit);
	}
	is_gone = client->is_gone;
	pthread_mutex_unlock(&client->lock);
	return is_gone;
}

/* Without the fetch thread no read would ever be answered.  nbdkit has no function to end with
 * an error, and its threads must not run during exit(3).
 */
static void end_process(void *ctx)
{
	(void)ctx;
	_exit(EXIT_FAILURE);
}

static void farroot_load(void)
{
	options_init(&options);
}

static void farroot_unload(void)
{
	options_free(&options);
	if (log_fd >= 0)
		close(log_fd);
}

static int set(const char *key, const char *value)
{
	char why[512];

	if (!options_set(&options, key, value, why, sizeof why))
		return 0;
	nbdkit_error("%s", why[0] ? why : "out of memory");
	return -1;
}

/* Relative paths must be resolved now: nbdkit changes its directory when it forks. */
static int set_path(const char *key, const char *value)
{
	char *path = nbdkit_absolute_path(value);
	int err;

	if (!path)
		return -1;
	err = set(key, path);
	free(path);
	return err;
}

static int set_secret(const char *key, const char *value)
{
	char why[512];

	/* With nbdkit -s, for example, standard input is the client. */
	if (!strcmp(value, "-") && !nbdkit_stdio_safe()) {
		nbdkit_error("%s=-: nbdkit uses standard input for something else", key);
		return -1;
	}
	if (!secret_set(&options, key, value, why, sizeof why))
		return 0;
	nbdkit_error("%s", why[0] ? why : "out of memory");
	return -1;
}

static int farroot_config(const char *key, const char *value)
{
	if (secret_is_key(key))
		return set_secret(key, value);
	return options_is_path(key, value) ? set_path(key, value) : set(key, value);
}

static int farroot_config_complete(void)
{
	char why[512];

	if (!options_check(&options, why, sizeof why))
		return 0;
	nbdkit_error("%s", why);
	return -1;
}

static int farroot_get_ready(void)
{
	if (options.log_path) {
		log_fd = open(options.log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (log_fd < 0) {
			nbdkit_error("log=%s: %m", options.log_path);
			return -1;
		}
	}
	if (image_new(&options, &log_to_nbdkit, &image))
		return -1;
	if (!export_new(image, &options, &log_to_nbdkit, &export))
		return 0;
	nbdkit_error("out of memory");
	return -1;
}

static int farroot_after_fork(void)
{
	int err;

	/* nbdkit's --swap also fills the stacks of all threads and every malloc
	 * arena, which takes gigabytes.  It is enough to lock the pages in use.
	 */
	if (options.mlock && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) {
		nbdkit_error("mlock=yes: %m");
		return -1;
	}
	/* The socket may fail; it comes before the thread, which can only wait. */
	if (options.status_path &&
	    status_socket_open(options.status_path, image, &log_to_nbdkit, &status_socket))
		return -1;
	err = image_start(image, end_process, NULL);
	if (err) {
		nbdkit_error("cannot start the fetch thread: %s", strerror(-err));
		return -1;
	}
	return 0;
}

static void farroot_cleanup(void)
{
	status_socket_close(status_socket);
	status_socket = NULL;
	image_free(image);
	image = NULL;
	export_free(export);
	export = NULL;
}

static void *is_stopping(void *stopping)
{
	/* In a thread without a connection only a shutdown ends the sleep. */
	*(bool *)stopping = nbdkit_nanosleep(0, 1) != 0;
	return NULL;
}

/* At a shutdown a client must not get an I/O error, because squashfs would remember it:
 * the client gets no reply at all.  If only the client has closed its connection, the reply
 * does not matter.
 */
static void hang_up(void)
{
	bool stopping = false;
	pthread_t thread;

	if (nbdkit_disconnect) {
		nbdkit_disconnect(1);
		return;
	}
	if (pthread_create(&thread, NULL, is_stopping, &stopping))
		return;
	pthread_join(thread, NULL);
	if (stopping)
		_exit(EXIT_SUCCESS);	/* a crash would lose nothing either */
}

static int fail(int err)
{
	if (err == -ESHUTDOWN)
		hang_up();
	else if (err != -EBADMSG)	/* which was logged */
		log_say(&log_to_nbdkit, LOG_FAULT, "%s", err == -EIO ? "no usable data from any origin within outage= seconds" :
			strerror(-err));
	nbdkit_set_error(err == -EBADMSG ? EIO : -err);
	return -1;
}

static void farroot_close(void *handle)
{
	struct client *client = handle;

	pthread_mutex_destroy(&client->lock);
	free(client);
}

static void *farroot_open(int readonly)
{
	struct client *client = calloc(1, sizeof *client);
	struct cancel cancel = { .is_cancelled = client_is_gone, .ctx = client };
	int err;

	(void)readonly;
	if (!client) {
		fail(-ENOMEM);
		return NULL;
	}
	pthread_mutex_init(&client->lock, NULL);
	err = export_wait_open(export, &cancel);
	if (err) {
		farroot_close(client);
		fail(err);
		return NULL;
	}
	return client;
}

static int64_t farroot_get_size(void *handle)
{
	(void)handle;
	return (int64_t)export_size(export);
}

static int farroot_pread(void *handle, void *buf, uint32_t count, uint64_t offset,
			 uint32_t flags)
{
	struct cancel cancel = { .is_cancelled = client_is_gone, .ctx = handle };
	int err = export_pread(export, buf, count, offset, &cancel);

	(void)flags;
	return err ? fail(err) : 0;
}

static int yes(void *handle)
{
	(void)handle;
	return 1;
}

static int no(void *handle)
{
	(void)handle;
	return 0;
}

/* Every block has data, in the store or at an origin: there are no holes. */
static int farroot_extents(void *handle, uint32_t count, uint64_t offset,
			   uint32_t flags, struct nbdkit_extents *extents)
{
	(void)handle;
	(void)flags;
	return nbdkit_add_extent(extents, offset, count, 0);
}

static int farroot_can_cache(void *handle)
{
	(void)handle;
	return NBDKIT_CACHE_NATIVE;
}

static int farroot_cache(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
	int err = export_prefetch(export, count, offset);

	(void)handle;
	(void)flags;
	return err ? fail(err) : 0;
}

static int farroot_block_size(void *handle, uint32_t *minimum, uint32_t *preferred,
			      uint32_t *maximum)
{
	(void)handle;
	*minimum = 1;
	/* farroot attach makes its device with it. */
	*preferred = export_block_bytes(export);
	*maximum = 32 << 20;
	return 0;
}

static void farroot_dump_plugin(void)
{
	printf("farroot_version=%s\n", PACKAGE_VERSION);
	printf("farroot_http=%s\n", image_http_library());
	printf("farroot_verity=sha256,4096\n");
	printf("farroot_compression=zstd-seekable\n");
}

#define farroot_config_help \
	"[url=]<URL>               URL of the image; repeat it for mirrors.\n" \
	"roothash=<HEX>            Root hash that verifies the image, or\n" \
	"verify=none               do not verify the image (dangerous).\n" \
	"hash-tree=<URL>|.<SUFFIX> The hash tree is in a file of its own.\n" \
	"size=<BYTES>              Pin the size of the image.\n" \
	"cache=<SIZE>|<N>%         Capacity of the cache.\n" \
	"store=<FILE>              Keep the cache in a file that survives restarts.\n" \
	"earlier=<FILE>            Take equal blocks from the store of another image.\n" \
	"fill=yes|idle|no          Fetch the rest in the background.\n" \
	"profile=none|<URL>|<FILE> Extents to prefetch; default: <URL>.profile, if any.\n" \
	"decompress=no             Serve a compressed image as it is.\n" \
	"partition=<N>             Serve one partition of a disk.\n" \
	"rate=<BYTES>              Fetch at most this many bytes per second.\n" \
	"budget=<SIZE>             After this many bytes, stop background requests:\n" \
	"budget-stops=fill|all     only the fill, or the profile and readahead too.\n" \
	"outage=wait|<SECONDS>     Wait without a limit (default), or fail reads.\n" \
	"status=<SOCKET>           Socket for farroot status.\n" \
	"mlock=yes                 Lock the memory: never swap it out.\n" \
	"log=<FILE>                Append messages to a file such as /dev/kmsg.\n" \
	"connections=<N> connect-timeout=<S> stall=<S> retry-max=<S>\n" \
	"cookie-file=<FILE> header-file=<FILE> password-file=<FILE>\n" \
	"                          Read again when the server refuses them.\n" \
	"cainfo= capath= cookie= cookiefile= followlocation= header= http-version=\n" \
	"interface= ipresolve= password= protocols= proxy= proxy-password= proxy-user=\n" \
	"resolve= ssl-cipher-list= ssl-version= sslverify= tcp-keepalive=\n" \
	"tcp-nodelay= tls13-ciphers= unix-socket-path= user= user-agent=\n" \
	"                          As in nbdkit-curl-plugin(1)."

static struct nbdkit_plugin plugin = {
	.name = "farroot",
	.longname = "farroot: a verified image from a web server",
	.version = PACKAGE_VERSION,
	.description = "Serves an image from a web server, verifies each block, and waits during outages.",
	.load = farroot_load,
	.unload = farroot_unload,
	.config = farroot_config,
	.config_complete = farroot_config_complete,
	.config_help = farroot_config_help,
	.magic_config_key = "url",
	.dump_plugin = farroot_dump_plugin,
	.get_ready = farroot_get_ready,
	.after_fork = farroot_after_fork,
	.cleanup = farroot_cleanup,
	.open = farroot_open,
	.close = farroot_close,
	.get_size = farroot_get_size,
	.can_multi_conn = yes,
	.can_extents = yes,
	.extents = farroot_extents,
	.can_cache = farroot_can_cache,
	.cache = farroot_cache,
	.is_rotational = no,
	.block_size = farroot_block_size,
	.pread = farroot_pread,
	.errno_is_preserved = 1,
};

struct nbdkit_plugin *plugin_init(void);	/* the macro does not declare it */
NBDKIT_REGISTER_PLUGIN(plugin)
