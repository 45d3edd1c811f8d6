/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "engine/http/credentials.h"

#define FILE_MAX_BYTES (64U << 10)
/* More than a login needs.  They are counted each time that 1 MiB of header lines has set some: one
 * that a server renews each time is one.
 */
#define COOKIES_MAX 500
#define COOKIE_BYTES_MAX (1U << 20)

static const char *const option_names[CREDENTIAL_FILES] = {
	[PASSWORD_FILE] = "password-file", [COOKIE_FILE] = "cookie-file", [HEADER_FILE] = "header-file",
	[COOKIES] = "cookiefile",
};

static const char *path_of(const struct http_options *http, enum credential_file file)
{
	const char *const paths[CREDENTIAL_FILES] = {
		[PASSWORD_FILE] = http->password_file, [COOKIE_FILE] = http->cookie_file,
		[HEADER_FILE] = http->header_file, [COOKIES] = http->cookiefile,
	};

	return paths[file];
}

static void free_secret(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

/* Returns the length, or -errno.  Nothing but a regular file can be read twice, and nothing
 * else is certain not to block.
 */
static ssize_t read_bytes(int fd, struct stat *st, char *out)
{
	size_t length = 0;
	ssize_t got;

	if (fstat(fd, st))
		return -errno;
	if (!S_ISREG(st->st_mode))
		return -EINVAL;
	while ((got = read(fd, out + length, FILE_MAX_BYTES + 1 - length)) > 0)
		length += (size_t)got;
	if (got < 0)
		return -errno;
	return length > FILE_MAX_BYTES ? -EFBIG : (ssize_t)length;
}

/* Reads a file into *out, a malloc'ed string.  Returns 0 or -errno. */
static int read_file(const char *path, struct stat *st, char **out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = malloc(FILE_MAX_BYTES + 2);
	ssize_t length = -ENOMEM;

	if (fd < 0)
		length = -errno;
	else if (text)
		length = read_bytes(fd, st, text);
	if (fd >= 0)
		close(fd);
	if (length > 0 && memchr(text, '\0', (size_t)length))
		length = -EINVAL;
	if (length < 0) {
		free(text);
		return (int)length;
	}
	text[length] = '\0';
	*out = text;
	return 0;
}

/* Takes the next line of *text, without its end; NULL: there is none. */
static char *next_line(char **text)
{
	char *line = strsep(text, "\n");
	size_t length = line ? strlen(line) : 0;

	if (length && line[length - 1] == '\r')
		line[length - 1] = '\0';
	return line;
}

static int append(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);

	if (!longer)
		return -ENOMEM;
	*list = longer;
	return 0;
}

static int add_header(struct credentials *c, const char *line)
{
	return append(&c->headers, line) | append(&c->no_cache_headers, line) ? -ENOMEM : 0;
}

static int take_first_line(char *text, char **out)
{
	char *line = next_line(&text);

	if (!line || !*line || options_has_control_characters(line))
		return -EINVAL;
	*out = strdup(line);
	return *out ? 0 : -ENOMEM;
}

static int take_headers(struct credentials *c, char *text)
{
	char *line, why[256];
	int err = 0;

	while (!err && (line = next_line(&text))) {
		if (!*line || *line == '#')
			continue;
		if (options_has_control_characters(line) || options_check_header(line, why, sizeof why))
			err = -EINVAL;
		else
			err = add_header(c, line);
	}
	return err;
}

/* curl sends each of the cookies only to the domain that it names. */
static int load_cookies(struct credential_store *store)
{
	CURL *easy = curl_easy_init();
	bool done = easy && !curl_easy_setopt(easy, CURLOPT_SHARE, store->share) &&
		    !curl_easy_setopt(easy, CURLOPT_COOKIEFILE, store->http->cookiefile) &&
		    !curl_easy_setopt(easy, CURLOPT_COOKIELIST, "RELOAD");

	curl_easy_cleanup(easy);
	return done ? 0 : -ENOMEM;
}

/* Adds what a file holds; changes text. */
static int take(struct credentials *c, enum credential_file file, char *text)
{
	switch (file) {
	case PASSWORD_FILE: return take_first_line(text, &c->password);
	case COOKIE_FILE: return take_first_line(text, &c->cookie);
	case HEADER_FILE: return take_headers(c, text);
	default: return 0;	/* curl has the cookies */
	}
}

static int take_copy(struct credentials *c, enum credential_file file, const char *text)
{
	char *copy = strdup(text);
	int err = copy ? take(c, file, copy) : -ENOMEM;

	free_secret(copy);
	return err;
}

static const char *what_is_wrong(enum credential_file file, int err)
{
	if (err != -EINVAL)
		return strerror(-err);
	return file == HEADER_FILE ? "must be a regular file with lines of the form Name: value" :
				     "must be a regular file that is not empty";
}

static void credentials_free(struct credentials *c)
{
	free_secret(c->password);
	free_secret(c->cookie);
	curl_slist_free_all(c->headers);
	curl_slist_free_all(c->no_cache_headers);
	free(c);
}

static int take_options(struct credentials *c, const struct http_options *http)
{
	size_t i;
	int err = 0;

	/* Ranges of a compressed file cannot be joined. */
	err |= add_header(c, "Accept-Encoding: identity");
	err |= append(&c->no_cache_headers, "Cache-Control: no-cache");
	for (i = 0; i < http->headers.count; i++)
		err |= add_header(c, http->headers.items[i]);
	if (http->password && !http->password_file)
		err |= (c->password = strdup(http->password)) ? 0 : -ENOMEM;
	if (http->cookie && !http->cookie_file)
		err |= (c->cookie = strdup(http->cookie)) ? 0 : -ENOMEM;
	return err ? -ENOMEM : 0;
}

/* Whether the text of a file is good; that of cookiefile= is handed to curl. */
static int try_text(struct credential_store *store, enum credential_file file, const char *text)
{
	struct credentials *c;
	int err;

	if (file == COOKIES)
		return load_cookies(store);
	c = calloc(1, sizeof *c);
	if (!c)
		return -ENOMEM;
	err = take_copy(c, file, text);
	credentials_free(c);
	return err;
}

/* Reads a file again.  If it cannot be read or is no good, what it held before stays, and the log
 * has it once.  A file that is no good is not read again before it has changed.
 */
static int read_again(struct credential_store *store, enum credential_file i)
{
	struct credential_file_state *file = &store->files[i];
	const char *path = path_of(store->http, i);
	struct stat st = file->st;
	char *text = NULL;
	int err;

	err = read_file(path, &st, &text);
	if (!err)
		err = try_text(store, i, text);
	if (!err || err == -EINVAL || err == -EFBIG)
		file->st = st;
	if (err && !file->is_bad)
		log_say(store->log, LOG_WARN, "%s=%s: %s%s", option_names[i], path, what_is_wrong(i, err),
			file->text ? "; what it held before is still used" : "");
	file->is_bad = err;
	if (err) {
		free_secret(text);
		return err;
	}
	free_secret(file->text);
	file->text = text;
	return 0;
}

void credentials_put(struct credentials *c)
{
	if (!--c->references)
		credentials_free(c);
}

/* Makes new credentials of the options and of what the files held when they were read. */
static int renew_current(struct credential_store *store)
{
	struct credentials *c = calloc(1, sizeof *c);
	unsigned i;
	int err;

	if (!c)
		return -ENOMEM;
	err = take_options(c, store->http);
	for (i = 0; i < CREDENTIAL_FILES && !err; i++)
		if (store->files[i].text)
			err = take_copy(c, i, store->files[i].text);
	if (err) {
		credentials_free(c);
		return err;
	}
	c->references = 1;
	if (store->current)
		credentials_put(store->current);
	store->current = c;
	return 0;
}

static int make_share(struct credential_store *store)
{
	if (!store->http->cookiefile)
		return 0;
	store->share = curl_share_init();
	if (!store->share || curl_share_setopt(store->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE))
		return -ENOMEM;
	return 0;
}

int credential_store_init(struct credential_store *store, const struct http_options *http,
			  const struct log *log)
{
	unsigned i;
	int err;

	store->http = http;
	store->log = log;
	err = make_share(store);
	for (i = 0; i < CREDENTIAL_FILES && !err; i++)
		if (path_of(http, i))
			err = read_again(store, i);
	return err ? err : renew_current(store);
}

void credential_store_free(struct credential_store *store)
{
	unsigned i;

	if (store->current)
		credentials_put(store->current);
	for (i = 0; i < CREDENTIAL_FILES; i++)
		free_secret(store->files[i].text);
	curl_share_cleanup(store->share);
}

struct credentials *credentials_get(struct credential_store *store)
{
	store->current->references++;
	return store->current;
}

/* A file that is gone has, too. */
static bool has_changed(const struct stat *before, const char *path)
{
	struct stat now;

	if (stat(path, &now))
		return true;
	return now.st_dev != before->st_dev || now.st_ino != before->st_ino ||
	       now.st_size != before->st_size ||
	       now.st_mtim.tv_sec != before->st_mtim.tv_sec || now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}

bool credentials_renew(struct credential_store *store)
{
	const char *path;
	unsigned i;

	for (i = 0; i < CREDENTIAL_FILES; i++) {
		path = path_of(store->http, i);
		if (path && has_changed(&store->files[i].st, path) && !read_again(store, i))
			store->renewed_path = path;
	}
	path = store->renewed_path;
	if (!path || renew_current(store))
		return false;
	store->renewed_path = NULL;
	log_say(store->log, LOG_NOTE, "the server refused what was sent to log in, and %s has changed since: read it again",
		path);
	return true;
}

void credentials_header_line(struct credential_store *store, const char *line, size_t length)
{
	static const char name[] = "Set-Cookie:";

	if (store->share && length >= sizeof name - 1 && !strncasecmp(line, name, sizeof name - 1))
		store->cookie_bytes += length;
}

static size_t count_cookies(CURL *easy)
{
	struct curl_slist *list = NULL, *at;
	size_t n = 0;

	curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &list);
	for (at = list; at; at = at->next)
		n++;
	curl_slist_free_all(list);
	return n;
}

void credentials_limit_cookies(struct credential_store *store)
{
	CURL *easy;

	if (store->cookie_bytes < COOKIE_BYTES_MAX)
		return;
	store->cookie_bytes = 0;
	easy = curl_easy_init();
	if (!easy)
		return;
	if (!curl_easy_setopt(easy, CURLOPT_SHARE, store->share) && count_cookies(easy) > COOKIES_MAX) {
		curl_easy_setopt(easy, CURLOPT_COOKIELIST, "ALL");
		load_cookies(store);
		log_say(store->log, LOG_FAULT, "a server has set more than %d cookies: only those of cookiefile= stay",
			COOKIES_MAX);
	}
	curl_easy_cleanup(easy);
}
