/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/http/setup-trial.h"

/* This address is not connected to. */
#define PROXY_TRIAL_HOST "127.0.0.1"
/* The name is not looked up, because the connection goes to a Unix socket. */
#define TRIAL_URL "https://localhost/"
#define TRIAL_MAX_MS 5000L

/* A Unix socket that listens, with an abstract name that the kernel chooses.  Returns its
 * descriptor, with the name in *address, or -1.
 */
static int listen_abstract(struct sockaddr_un *address)
{
	socklen_t length = sizeof address->sun_family;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	if (!bind(fd, (struct sockaddr *)address, length) && !listen(fd, 1)) {
		length = sizeof *address;
		if (!getsockname(fd, (struct sockaddr *)address, &length))
			return fd;
	}
	close(fd);
	return -1;
}

/* libcurl connects, applies all its settings, sends the first message of TLS and finds the
 * end of the connection.
 */
static CURLcode run(CURLM *multi, int listener)
{
	struct curl_waitfd wait = { .fd = listener, .events = CURL_WAIT_POLLIN };
	CURLcode code = CURLE_OK;
	int running, left, fd = -1;
	CURLMsg *message;

	do {
		if (curl_multi_perform(multi, &running))
			break;
		if (fd < 0)
			fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			shutdown(fd, SHUT_WR);
		if (running)
			curl_multi_poll(multi, &wait, fd < 0, 100, NULL);
	} while (running);
	while ((message = curl_multi_info_read(multi, &left)))
		if (message->msg == CURLMSG_DONE)
			code = message->data.result;
	if (fd >= 0)
		close(fd);
	return code;
}

static CURLcode try_connection(CURL *easy)
{
	struct sockaddr_un address;
	int listener = listen_abstract(&address);
	CURLM *multi = curl_multi_init();
	CURLcode code = CURLE_OK;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_INTERFACE, NULL);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_ABSTRACT_UNIX_SOCKET, address.sun_path + 1);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TRIAL_MAX_MS);
	if (listener >= 0 && multi && !curl_multi_add_handle(multi, easy)) {
		code = run(multi, listener);
		curl_multi_remove_handle(multi, easy);
	}
	curl_multi_cleanup(multi);
	if (listener >= 0)
		close(listener);
	return code;
}

/* The setting that this result blames; NULL: none, the trial just found no server. */
static const char *blamed(CURLcode code)
{
	switch (code) {
	case CURLE_SETOPT_OPTION_SYNTAX:
		return "resolve=";
	case CURLE_SSL_CIPHER:
		return "ssl-cipher-list= or tls13-ciphers=";
	case CURLE_SSL_CACERT_BADFILE:
		return "cainfo= or capath=";
	default:
		return NULL;
	}
}

/* libcurl has understood the proxy and has its address; no socket is opened. */
static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	bool *is_understood = ctx;

	(void)purpose;
	(void)address;
	*is_understood = true;
	return CURL_SOCKET_BAD;
}

/* The URL of a proxy, for curl_free, with another host: no name is to be looked up. */
static char *with_trial_host(const char *proxy, CURLUcode *code)
{
	CURLU *parsed = curl_url();
	char *url = NULL;

	*code = CURLUE_OUT_OF_MEMORY;
	if (!parsed)
		return NULL;
	*code = curl_url_set(parsed, CURLUPART_URL, proxy, CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME);
	if (!*code)
		*code = curl_url_set(parsed, CURLUPART_HOST, PROXY_TRIAL_HOST, 0);
	if (!*code)
		*code = curl_url_get(parsed, CURLUPART_URL, &url, 0);
	curl_url_cleanup(parsed);
	return url;
}

/* Returns 0; -EINVAL, having logged it, if libcurl cannot use proxy=; or -ENOMEM. */
static int try_proxy(const struct curl_setup *setup, const struct log *log)
{
	char error[CURL_ERROR_SIZE] = "", *url;
	bool is_understood = false;
	CURLUcode code;
	CURL *easy;

	if (!setup->http->proxy || !*setup->http->proxy)
		return 0;
	url = with_trial_host(setup->http->proxy, &code);
	easy = code ? NULL : curl_setup_handle(setup, TRIAL_URL);
	if (easy) {
		curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
		curl_easy_setopt(easy, CURLOPT_PROXY, url);
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
		curl_easy_setopt(easy, CURLOPT_RESOLVE, NULL);
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, NULL);
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &is_understood);
		curl_easy_perform(easy);
		curl_easy_cleanup(easy);
	}
	curl_free(url);
	if (is_understood)
		return 0;
	if (code == CURLUE_OUT_OF_MEMORY || (!code && !easy))
		return -ENOMEM;
	/* The value may hold a password. */
	log_say(log, LOG_WARN, "proxy=: libcurl cannot use the value: %s",
		code ? curl_url_strerror(code) : error[0] ? error : "it is no proxy");
	return -EINVAL;
}

/* HTTP/3 does not use the kind of socket that the trial has. */
static bool lacks_http3(const struct http_options *http)
{
	return http->http_version && http->http_version[0] == '3' &&
	       !(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP3);
}

/* Returns 0, or -EINVAL, having logged it.  No interface has a name of IF_NAMESIZE bytes, and the
 * name of a host is longer than most of them.
 */
static int try_interface(const char *name, const struct log *log)
{
	if (!name)
		return 0;
	if (!strncmp(name, "ifhost!", 7) && curl_version_info(CURLVERSION_NOW)->version_num < 0x080900) {
		log_say(log, LOG_WARN, "interface=%s: libcurl %s knows if! and host!, but not ifhost!", name,
			curl_version_info(CURLVERSION_NOW)->version);
		return -EINVAL;
	}
	if (strlen(name) >= IF_NAMESIZE && !strpbrk(name, "!:")) {
		log_say(log, LOG_WARN, "interface=%s: no interface has a name of more than %d bytes; a host name needs host! before it",
			name, IF_NAMESIZE - 1);
		return -EINVAL;
	}
	return 0;
}

int setup_trial(const struct curl_setup *setup, const struct log *log)
{
	const struct http_options *http = setup->http;
	char error[CURL_ERROR_SIZE] = "";
	const char *setting;
	CURLcode code;
	CURL *easy;
	int err;

	if (lacks_http3(http)) {
		log_say(log, LOG_WARN, "http-version=%s: libcurl %s has no HTTP/3",
			http->http_version, curl_version_info(CURLVERSION_NOW)->version);
		return -EINVAL;
	}
	err = try_interface(http->interface, log);
	if (!err)
		err = try_proxy(setup, log);
	if (err)
		return err;
	if (!setup->resolve && !http->ssl_cipher_list && !http->tls13_ciphers &&
	    !http->cainfo && !http->capath)
		return 0;
	easy = curl_setup_handle(setup, TRIAL_URL);
	if (!easy)
		return -ENOMEM;
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
	code = try_connection(easy);
	curl_easy_cleanup(easy);
	setting = blamed(code);
	if (!setting)
		return 0;
	log_say(log, LOG_WARN, "%s: libcurl cannot use the value: %s", setting,
		error[0] ? error : curl_easy_strerror(code));
	return -EINVAL;
}
