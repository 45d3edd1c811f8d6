/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "common/options.h"
#include "common/secret.h"

#define HASH "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

/* Every setting as key=value; those not taken must say why, naming the key. */
static int set(struct options *o, const char *key, const char *value)
{
	char why[256] = "";
	int err = options_set(o, key, value, why, sizeof why);

	if (err == -EINVAL)
		CHECK_SAYS(why, key);
	return err;
}

static void sizes(void)
{
	static const char *const wrong[] = {
		"", "-1", "+1", " 1", "1 ", "1KK", "1x", "M", "0x10", "1.5M",
		"8193P", "9223372036854775808", "99999999999999999999", "1MB",
	};
	uint64_t n;
	size_t i;

	CHECK_EQ(parse_size("0", &n), 0);
	CHECK_EQ(n, 0);
	CHECK_EQ(parse_size("512", &n), 0);
	CHECK_EQ(n, 512);
	CHECK_EQ(parse_size("512b", &n), 0);
	CHECK_EQ(n, 512);
	CHECK_EQ(parse_size("64M", &n), 0);
	CHECK_EQ(n, 64 << 20);
	CHECK_EQ(parse_size("3k", &n), 0);
	CHECK_EQ(n, 3072);
	CHECK_EQ(parse_size("2G", &n), 0);
	CHECK_EQ(n, 2ULL << 30);
	CHECK_EQ(parse_size("1T", &n), 0);
	CHECK_EQ(n, 1ULL << 40);
	CHECK_EQ(parse_size("8191P", &n), 0);
	CHECK_EQ(n, 8191ULL << 50);
	CHECK_EQ(parse_size("9223372036854775807", &n), 0);
	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		CHECK_EQ(parse_size(wrong[i], &n), -EINVAL);
}

static void seconds(void)
{
	static const char *const wrong[] = {
		"", "-1", "1s", "inf", "nan", "1e10", ".5", " 1", "1,5",
	};
	uint64_t ms;
	size_t i;

	CHECK_EQ(parse_seconds("1.5", &ms), 0);
	CHECK_EQ(ms, 1500);
	CHECK_EQ(parse_seconds("0.001", &ms), 0);
	CHECK_EQ(ms, 1);
	CHECK_EQ(parse_seconds("3600", &ms), 0);
	CHECK_EQ(ms, 3600000);
	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		CHECK_EQ(parse_seconds(wrong[i], &ms), -EINVAL);
}

static void bools(void)
{
	bool b;

	CHECK_EQ(parse_bool("yes", &b), 0);
	CHECK(b);
	CHECK_EQ(parse_bool("OFF", &b), 0);
	CHECK(!b);
	CHECK_EQ(parse_bool("1", &b), 0);
	CHECK(b);
	CHECK_EQ(parse_bool("false", &b), 0);
	CHECK(!b);
	CHECK_EQ(parse_bool("", &b), -EINVAL);
	CHECK_EQ(parse_bool("y", &b), 0);
	CHECK(b);
	CHECK_EQ(parse_bool("N", &b), 0);
	CHECK(!b);
	CHECK_EQ(parse_bool("T", &b), 0);
	CHECK(b);
	CHECK_EQ(parse_bool("f", &b), 0);
	CHECK(!b);
	CHECK_EQ(parse_bool("ye", &b), -EINVAL);
	CHECK_EQ(parse_bool("2", &b), -EINVAL);
}

static void roothashes(void)
{
	uint8_t out[32];

	CHECK_EQ(parse_roothash(HASH, out), 0);
	CHECK_EQ(out[0], 0x00);
	CHECK_EQ(out[1], 0x11);
	CHECK_EQ(out[26], 0xaa);
	CHECK_EQ(out[31], 0xff);
	CHECK_EQ(parse_roothash("", out), -EINVAL);
	CHECK_EQ(parse_roothash(HASH + 1, out), -EINVAL);
	CHECK_EQ(parse_roothash(HASH "0", out), -EINVAL);
	CHECK_EQ(parse_roothash("g0112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF", out),
		 -EINVAL);
}

static void defaults(void)
{
	struct options o;

	options_init(&o);
	CHECK(o.http.sslverify);
	CHECK(o.http.followlocation);
	CHECK_EQ(o.http.connections, 64);
	CHECK_EQ(o.outage_ms, -1);
	CHECK_EQ(o.cache_kind, CACHE_DEFAULT);
	CHECK_EQ(o.fill, FILL_DEFAULT);
	CHECK(!o.verify_none);
	options_free(&o);
}

static void every_key(void)
{
	static const char *const good[][2] = {
		{ "cainfo", "/ca.pem" }, { "capath", "/ca" }, { "cookie", "a=b" },
		{ "http-version", "2" }, { "interface", "eth0" }, { "ipresolve", "v6" },
		{ "log", "/dev/kmsg" }, { "password", "p" }, { "protocols", "http,https" },
		{ "proxy", "http://p:1" }, { "proxy-password", "p" }, { "proxy-user", "u" },
		{ "ssl-cipher-list", "x" }, { "ssl-version", "tlsv1.3" },
		{ "status", "/s" }, { "store", "/f" }, { "tls13-ciphers", "x" },
		{ "unix-socket-path", "/s" }, { "user", "u" }, { "user-agent", "x" },
	};
	static const char *const bools[] = {
		"sslverify", "followlocation", "tcp-keepalive", "tcp-nodelay", "fill",
	};
	static const char *const times[] = { "connect-timeout", "retry-max", "stall" };
	struct options o;
	size_t i;

	options_init(&o);
	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		CHECK_EQ(set(&o, good[i][0], ""), -EINVAL);
		CHECK_EQ(set(&o, good[i][0], "other"), 0);
		/* The last one counts, and nothing leaks. */
		CHECK_EQ(set(&o, good[i][0], good[i][1]), 0);
		CHECK_EQ(set(&o, good[i][0], "line\nbreak"), -EINVAL);
	}
	CHECK_STR(o.http.cainfo, "/ca.pem");
	CHECK_STR(o.http.proxy_password, "p");
	CHECK_STR(o.store_path, "/f");
	CHECK_STR(o.http.unix_socket_path, "/s");
	for (i = 0; i < sizeof bools / sizeof bools[0]; i++) {
		CHECK_EQ(set(&o, bools[i], "no"), 0);
		CHECK_EQ(set(&o, bools[i], "maybe"), -EINVAL);
	}
	CHECK(!o.http.sslverify);
	CHECK(!o.http.tcp_nodelay);
	CHECK_EQ(o.fill, FILL_NO);
	for (i = 0; i < sizeof times / sizeof times[0]; i++) {
		CHECK_EQ(set(&o, times[i], "2.5"), 0);
		CHECK_EQ(set(&o, times[i], "0"), -EINVAL);
		CHECK_EQ(set(&o, times[i], "3601"), -EINVAL);
		CHECK_EQ(set(&o, times[i], "soon"), -EINVAL);
	}
	CHECK_EQ(o.http.connect_timeout_ms, 2500);
	CHECK_EQ(o.http.retry_max_ms, 2500);
	CHECK_EQ(o.http.stall_ms, 2500);
	CHECK_EQ(set(&o, "no-such-key", "x"), -ENOENT);
	CHECK_EQ(set(&o, "", "x"), -ENOENT);
	/* An unknown key is unknown, whatever its value. */
	CHECK_EQ(set(&o, "no-such-key", "line\nbreak"), -ENOENT);
	options_free(&o);
}

static void special_values(void)
{
	struct options o;

	options_init(&o);
	CHECK_EQ(set(&o, "cache", "64M"), 0);
	CHECK_EQ(o.cache_kind, CACHE_BYTES);
	CHECK_EQ(o.cache_value, 64 << 20);
	CHECK_EQ(set(&o, "cache", "25%"), 0);
	CHECK_EQ(o.cache_kind, CACHE_PERCENT);
	CHECK_EQ(o.cache_value, 25);
	CHECK_EQ(set(&o, "cache", "0%"), -EINVAL);
	CHECK_EQ(set(&o, "cache", "101%"), -EINVAL);
	CHECK_EQ(set(&o, "cache", "%"), -EINVAL);
	CHECK_EQ(set(&o, "cache", "-5%"), -EINVAL);
	CHECK_EQ(set(&o, "cache", "5%%"), -EINVAL);
	CHECK_EQ(set(&o, "cache", "4095k"), -EINVAL);
	CHECK_EQ(set(&o, "cache", "4M"), 0);
	/* What is refused changes nothing. */
	CHECK_EQ(set(&o, "cache", "1M"), -EINVAL);
	CHECK_EQ(o.cache_value, 4 << 20);
	CHECK_EQ(set(&o, "outage", "wait"), 0);
	CHECK_EQ(o.outage_ms, -1);
	CHECK_EQ(set(&o, "outage", "30"), 0);
	CHECK_EQ(o.outage_ms, 30000);
	CHECK_EQ(set(&o, "outage", "0"), -EINVAL);
	CHECK_EQ(set(&o, "outage", "never"), -EINVAL);
	CHECK_EQ(set(&o, "connections", "64"), 0);
	CHECK_EQ(o.http.connections, 64);
	CHECK_EQ(set(&o, "connections", "0"), -EINVAL);
	CHECK_EQ(set(&o, "connections", "65"), -EINVAL);
	CHECK_EQ(set(&o, "size", "8k"), 0);
	CHECK_EQ(o.size_bytes, 8192);
	CHECK_EQ(set(&o, "size", "0"), -EINVAL);
	CHECK_EQ(set(&o, "verify", "none"), 0);
	CHECK_EQ(set(&o, "verify", "no"), -EINVAL);
	CHECK_EQ(set(&o, "roothash", "abc"), -EINVAL);
	options_free(&o);
}

static void urls(void)
{
	struct options o;
	int i;

	options_init(&o);
	CHECK_EQ(set(&o, "url", "ftp://host/x"), -EINVAL);
	CHECK_EQ(set(&o, "url", "host/x"), -EINVAL);
	CHECK_EQ(set(&o, "url", "http://"), -EINVAL);
	CHECK_EQ(set(&o, "url", "http:///x"), -EINVAL);
	CHECK_EQ(set(&o, "url", "http://host/a b"), -EINVAL);
	CHECK_EQ(set(&o, "url", "http://host/\r\nHost: evil"), -EINVAL);
	for (i = 0; i < OPTIONS_MAX_URLS; i++)
		CHECK_EQ(set(&o, "url", "HTTPS://[::1]:8443/x"), 0);
	CHECK_EQ(set(&o, "url", "https://host/x"), -EINVAL);
	CHECK_EQ(o.url_count, OPTIONS_MAX_URLS);
	options_free(&o);
}

static void lists_have_an_end(void)
{
	struct options o;
	int i;

	options_init(&o);
	for (i = 0; i < OPTIONS_MAX_LIST; i++)
		CHECK_EQ(set(&o, "header", "X-A: b"), 0);
	CHECK_EQ(set(&o, "header", "X-A: b"), -EINVAL);
	CHECK_EQ(o.http.headers.count, OPTIONS_MAX_LIST);
	options_free(&o);
}

/* Settings separated by blanks; NULL when options_check takes them, otherwise
 * what its message must hold.
 */
static void together(const char *settings, const char *wrong)
{
	char text[1024], why[256], *key, *value, *rest = text;
	struct options o;
	int err;

	snprintf(text, sizeof text, "%s", settings);
	options_init(&o);
	while ((key = strtok_r(rest, " ", &rest))) {
		value = strchr(key, '=');
		*value++ = '\0';
		CHECK_EQ(options_set(&o, key, value, why, sizeof why), 0);
	}
	err = options_check(&o, why, sizeof why);
	CHECK_EQ(err, wrong ? -EINVAL : 0);
	CHECK_SAYS(why, wrong ? wrong : "");
	options_free(&o);
}

static void what_fits_together(void)
{
	together("url=http://h/x roothash=" HASH, NULL);
	together("url=http://h/x verify=none", NULL);
	together("url=http://h/x url=https://h/x roothash=" HASH " size=8192 store=/f", NULL);
	together("roothash=" HASH, "url= is required");
	together("url=http://h/x", "roothash= is required");
	together("url=http://h/x verify=none roothash=" HASH, "contradict");
	together("url=http://h/x verify=none store=/f", "store= needs roothash=");
	together("url=http://h/x roothash=" HASH " size=8193", "multiple of 4096");
	together("url=http://h/x verify=none size=8193", NULL);
	together("url=http://h/x verify=none http-version=4", "http-version=4");
	together("url=http://h/x verify=none http-version=3", NULL);
	together("url=http://h/x verify=none ipresolve=v5", "ipresolve=v5");
	together("url=http://h/x verify=none protocols=ftp", "protocols=ftp");
	together("url=http://h/x verify=none ssl-version=sslv3", "ssl-version=sslv3: is not secure any more");
	together("url=http://h/x verify=none ssl-version=tlsv1.1", "not secure any more");
	together("url=http://h/x verify=none ssl-version=x", "ssl-version=x: must be default");
	together("url=http://h/x verify=none ssl-version=tlsv1.2 header=X-A; header=X-B:", NULL);
	together("url=http://h/x verify=none header=range;", "header=Range: farroot sets Range itself");
	together("url=http://h/x verify=none header=nocolon", "header=: must be Name: value");
	together("url=http://h/x verify=none header=range:bytes=0-1", "header=Range: farroot sets Range itself");
	together("url=http://h/x verify=none protocols=https", "excluded by protocols=");
	together("url=https://h/x verify=none protocols=http", "excluded by protocols=");
	together("url=https://h/x verify=none protocols=https", NULL);
}

/* A server changes its directory before the engine reads a file again. */
static void files_of_secrets_are_absolute(void)
{
	char path[] = "options-secret.XXXXXX", value[sizeof path + 1], why[512];
	struct options o;
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	snprintf(value, sizeof value, "+%s", path);
	options_init(&o);
	CHECK_EQ(secret_set(&o, "password", value, why, sizeof why), 0);
	CHECK_EQ(o.http.password_file[0], '/');
	CHECK_EQ(access(o.http.password_file, R_OK), 0);
	CHECK(!o.http.password);
	CHECK_EQ(secret_set(&o, "cookie", value, why, sizeof why), 0);
	CHECK_EQ(o.http.cookie_file[0], '/');
	options_free(&o);
	close(fd);
	unlink(path);
}

int main(void)
{
	files_of_secrets_are_absolute();
	sizes();
	seconds();
	bools();
	roothashes();
	defaults();
	every_key();
	special_values();
	urls();
	lists_have_an_end();
	what_fits_together();
	return 0;
}
