/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/http/response-check.h"

#define TOTAL 1048576

/* Lines separated by newlines, as a server would send them. */
static struct response reply_of(const char *text)
{
	struct response response = { 0 };
	size_t length;

	while (*text) {
		length = strcspn(text, "\n");
		length += text[length] == '\n';
		response_header_line(&response, text, length);
		text += length;
	}
	return response;
}

/* The answer to bytes=4096-8191, header lines given; why says what was wrong. */
static enum fault check(const char *text, const char *part_of_why)
{
	struct response response = reply_of(text);
	char why[256] = "";
	enum fault fault = response_check(&response, 4096, 8191, TOTAL, false, why, sizeof why);

	CHECK_SAYS(why, part_of_why);
	return fault;
}

static void takes_the_right_answer(void)
{
	CHECK_EQ(check("HTTP/1.1 206 Partial Content\r\n"
		       "Content-Range: bytes 4096-8191/1048576\r\n"
		       "Content-Length: 4096\r\n\r\n", ""), FAULT_NONE);
	CHECK_EQ(check("HTTP/2 206 \r\n"
		       "content-range:bytes 4096-8191/1048576\r\n", ""), FAULT_NONE);
	CHECK_EQ(check("HTTP/1.1 206 x\r\nCONTENT-RANGE: \t bytes 4096-8191/1048576 \t\r\n"
		       "Content-Encoding: identity\r\n", ""), FAULT_NONE);
}

static void refuses_other_statuses(void)
{
	CHECK_EQ(check("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n", "ignored Range"),
		 FAULT_STATUS);
	CHECK_EQ(check("HTTP/1.1 404 Not Found\r\n", "404"), FAULT_STATUS);
	CHECK_EQ(check("HTTP/1.1 503 x\r\nContent-Range: bytes 4096-8191/1048576\r\n", "503"),
		 FAULT_STATUS);
	CHECK_EQ(check("HTTP/1.1 2060 x\r\nContent-Range: bytes 4096-8191/1048576\r\n", "answered"),
		 FAULT_STATUS);
	CHECK_EQ(check("HTTP/1.1 -206\r\n", "answered 0"), FAULT_STATUS);
	CHECK_EQ(check("HTTP/1.1\r\n", "answered 0"), FAULT_STATUS);
	CHECK_EQ(check("", "answered 0"), FAULT_STATUS);
}

static void refuses_other_ranges(void)
{
	static const char *const lines[] = {
		"Content-Range: bytes 0-8191/1048576",
		"Content-Range: bytes 4096-8192/1048576",
		"Content-Range: bytes 4096-8190/1048576",
		"Content-Range: bytes 4097-8191/1048576",
		"Content-Range: bytes */1048576",
		"Content-Range: bytes 4096-8191/*",
		"Content-Range: bytes 4096-8191",
		"Content-Range: 4096-8191/1048576",
		"Content-Range: items 4096-8191/1048576",
		"Content-Range: bytes 4096-8191/1048576, bytes 0-1/2",
		"Content-Range: bytes -4096-8191/1048576",
		"Content-Range: bytes 4096-8191/1048576 x",
		"Content-Range: bytes 18446744073709555712-8191/1048576",
		"Content-Range: bytes 4096-8191/99999999999999999999999999",
		"Content-Range:",
		"Content-Range: bytes 4096-8191/1048576\r\nContent-Range: bytes 4096-8191/1048576",
		"X-Content-Range: bytes 4096-8191/1048576",
		"Content-Length: 4096",
	};
	char text[300];
	size_t i;

	for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		snprintf(text, sizeof text, "HTTP/1.1 206 x\r\n%s\r\n", lines[i]);
		CHECK_EQ(check(text, ""), FAULT_RANGE);
	}
	CHECK_EQ(check("HTTP/1.1 206 x\r\n", "missing"), FAULT_RANGE);
	CHECK_EQ(check("HTTP/1.1 206 x\r\nContent-Range: bytes 0-4095/1048576\r\n",
		       "asked for bytes 4096-8191, server sent 0-4095/1048576"), FAULT_RANGE);
	CHECK_EQ(check("HTTP/1.1 206 x\r\nContent-Range: bytes 4096-8191/1048577\r\n",
		       "1048577 bytes there instead of 1048576"), FAULT_TOTAL);
}

static void refuses_lengths_that_contradict(void)
{
	static const char *const lengths[] = { "4095", "4097", "0", "-1", "4096 4096", "x", "" };
	char text[300];
	size_t i;

	for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		snprintf(text, sizeof text, "HTTP/1.1 206 x\r\nContent-Range: bytes 4096-8191/1048576\r\n"
			 "Content-Length: %s\r\n", lengths[i]);
		CHECK_EQ(check(text, "Content-Length contradicts"), FAULT_RANGE);
	}
	CHECK_EQ(check("HTTP/1.1 206 x\r\nContent-Range: bytes 4096-8191/1048576\r\n"
		       "Content-Length: 4096\r\nContent-Length: 4096\r\n", "contradicts"), FAULT_RANGE);
}

static void refuses_what_is_not_plain(void)
{
	CHECK_EQ(check("HTTP/1.1 206 x\r\nContent-Range: bytes 4096-8191/1048576\r\n"
		       "Content-Encoding: gzip\r\n", "compressed"), FAULT_ENCODING);
	CHECK_EQ(check("HTTP/1.1 206 x\r\nContent-Range: bytes 4096-8191/1048576\r\n"
		       "Content-Encoding: identity, gzip\r\n", "compressed"), FAULT_ENCODING);
	CHECK_EQ(check("HTTP/1.1 206 x\r\nContent-Range: bytes 4096-8191/1048576\r\n"
		       "Content-Type: multipart/byteranges; boundary=x\r\n", "several parts"),
		 FAULT_ENCODING);
}

static void only_the_last_reply_counts(void)
{
	CHECK_EQ(check("HTTP/1.1 302 Found\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n"
		       "Content-Range: bytes 0-1/2\r\n\r\n"
		       "HTTP/1.1 206 x\r\nContent-Range: bytes 4096-8191/1048576\r\n", ""),
		 FAULT_NONE);
	CHECK_EQ(check("HTTP/1.1 206 x\r\nContent-Range: bytes 4096-8191/1048576\r\n\r\n"
		       "HTTP/1.1 502 x\r\n", "502"), FAULT_STATUS);
}

/* An unknown total: the first answer tells it, and clips what was asked for. */
static void learns_the_total(void)
{
	struct response r = reply_of("HTTP/1.1 206 x\r\nContent-Range: bytes 0-4095/123456\r\n");
	char why[256] = "";

	CHECK_EQ(response_check(&r, 0, 4095, 0, false, why, sizeof why), FAULT_NONE);
	CHECK_EQ(r.total, 123456);
	r = reply_of("HTTP/1.1 206 x\r\nContent-Range: bytes 0-99/100\r\nContent-Length: 100\r\n");
	CHECK_EQ(response_check(&r, 0, 4095, 0, false, why, sizeof why), FAULT_NONE);
	r = reply_of("HTTP/1.1 206 x\r\nContent-Range: bytes 0-98/100\r\n");
	CHECK_EQ(response_check(&r, 0, 4095, 0, false, why, sizeof why), FAULT_RANGE);
	r = reply_of("HTTP/1.1 206 x\r\nContent-Range: bytes 0-4095/4095\r\n");
	CHECK_EQ(response_check(&r, 0, 4095, 0, false, why, sizeof why), FAULT_RANGE);
	r = reply_of("HTTP/1.1 206 x\r\nContent-Range: bytes 0-0/0\r\n");
	CHECK_EQ(response_check(&r, 0, 4095, 0, false, why, sizeof why), FAULT_RANGE);
}

static void etags(void)
{
	struct response r = reply_of("HTTP/1.1 206 x\r\nETag: \"abc\"\r\n");
	char line[300];

	CHECK_STR(r.etag, "\"abc\"");
	memset(line, 'x', sizeof line);
	memcpy(line, "ETag: ", 6);
	r = (struct response){ 0 };
	response_header_line(&r, line, sizeof line);
	CHECK_STR(r.etag, "");
	response_header_line(&r, line, 6 + 127);
	CHECK_EQ(strlen(r.etag), 127);
	CHECK(response_etag_changed("\"a\"", "\"b\""));
	CHECK(!response_etag_changed("\"a\"", "\"a\""));
	CHECK(!response_etag_changed("W/\"a\"", "W/\"b\""));
	CHECK(!response_etag_changed("\"a\"", "W/\"b\""));
	CHECK(!response_etag_changed("", "\"b\""));
	CHECK(!response_etag_changed("\"a\"", ""));
}

/* With a root hash, the bytes themselves are judged. */
static void verified_bytes_need_less(void)
{
	static const struct { const char *text; enum fault fault; } answers[] = {
		{ "Content-Range: bytes 4096-8191/*\r\n", FAULT_NONE },
		{ "Content-Range: bytes 4096-8191/* x\r\n", FAULT_RANGE },
		{ "Content-Range: bytes 4096-8191/0\r\n", FAULT_RANGE },
		{ "Content-Range: bytes 4096-8190/*\r\n", FAULT_RANGE },
		{ "Content-Range: bytes 4096-8191/1048576\r\nContent-Encoding: aws-chunked\r\n", FAULT_NONE },
		{ "Content-Range: bytes 4096-8191/1048576\r\nContent-Encoding: gzip\r\n", FAULT_ENCODING },
	};
	char text[300], why[256];
	struct response r;
	size_t i;

	for (i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		snprintf(text, sizeof text, "HTTP/1.1 206 x\r\n%s", answers[i].text);
		r = reply_of(text);
		CHECK_EQ(response_check(&r, 4096, 8191, TOTAL, true, why, sizeof why), answers[i].fault);
		/* Without a root hash, no such answer is good. */
		CHECK(response_check(&r, 4096, 8191, TOTAL, false, why, sizeof why) != FAULT_NONE);
	}
	/* While the size is not known, the answer has to tell it. */
	r = reply_of("HTTP/1.1 206 x\r\nContent-Range: bytes 4096-8191/*\r\n");
	CHECK_EQ(response_check(&r, 4096, 8191, 0, true, why, sizeof why), FAULT_RANGE);
}

static void knows_what_authentication_is_wanted(void)
{
	struct response r = reply_of("HTTP/1.1 401 x\r\nWWW-Authenticate: Digest realm=\"a\"\r\n"
				     "WWW-Authenticate: Basic realm=\"a\"\r\n");

	CHECK_STR(r.auth_scheme, "Digest");
	r = reply_of("HTTP/1.1 401 x\r\nWWW-Authenticate: AVeryLongNameOfAScheme x\r\n");
	CHECK_STR(r.auth_scheme, "AVeryLongNameOf");
	r = reply_of("HTTP/1.1 401 x\r\nWWW-Authenticate: \033[2J\r\n");
	CHECK_STR(r.auth_scheme, "");
}

static void retry_after_as_date(void)
{
	struct response r = reply_of("HTTP/1.1 503 x\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
				     "Retry-After: Sun, 06 Nov 1994 08:51:37 GMT\r\n");

	CHECK_EQ(response_retry_after_s(&r, 0), 120);
	r = reply_of("HTTP/1.1 503 x\r\nRetry-After: Sun, 06 Nov 1994 08:51:37 GMT\r\n");
	CHECK_EQ(response_retry_after_s(&r, 784111777), 120);
	CHECK_EQ(response_retry_after_s(&r, 784111777 + 120), 0);
	CHECK_EQ(response_retry_after_s(&r, 0), 3600);
	r = reply_of("HTTP/1.1 503 x\r\nRetry-After: Sunday, 06-Nov-94 08:49:37 GMT\r\n");
	CHECK_EQ(response_retry_after_s(&r, 784111000), 0);
	r = reply_of("HTTP/1.1 503 x\r\nRetry-After: 7\r\n");
	CHECK_EQ(response_retry_after_s(&r, 784111777), 7);
}

static void retry_after(void)
{
	struct response r = reply_of("HTTP/1.1 503 x\r\nRetry-After: 120\r\n");

	CHECK_EQ(r.retry_after_s, 120);
	r = reply_of("HTTP/1.1 503 x\r\nRetry-After: 999999999999\r\n");
	CHECK_EQ(r.retry_after_s, 3600);
	r = reply_of("HTTP/1.1 503 x\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n");
	CHECK_EQ(r.retry_after_s, 0);
	r = reply_of("HTTP/1.1 503 x\r\nRetry-After: -5\r\n");
	CHECK_EQ(r.retry_after_s, 0);
}

/* Lines end where their length says, not at a NUL; ASan would see more. */
static void never_reads_beyond_a_line(void)
{
	static const char whole[] = "Content-Range: bytes 4096-8191/1048576";
	struct response r;
	char *line;
	size_t i;

	for (i = 0; i <= sizeof whole - 1; i++) {
		line = malloc(i ? i : 1);
		CHECK(line != NULL);
		memcpy(line, whole, i);
		r = (struct response){ .status = 206 };
		response_header_line(&r, line, i);
		free(line);
	}
	CHECK_EQ(r.total, TOTAL);
}

static enum fault check_whole(const char *text, const char *part_of_why)
{
	struct response response = reply_of(text);
	char why[256] = "";
	enum fault fault = response_check_whole(&response, 1000, why, sizeof why);

	CHECK_SAYS(why, part_of_why);
	return fault;
}

static void a_whole_file_that_may_be_missing(void)
{
	CHECK_EQ(check_whole("HTTP/1.1 200 OK\r\n", ""), FAULT_NONE);
	CHECK_EQ(check_whole("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n", ""), FAULT_NONE);
	CHECK_EQ(check_whole("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n", "longer than 1000"), FAULT_STATUS);
	CHECK_EQ(check_whole("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n", "compressed"), FAULT_STATUS);
	CHECK_EQ(check_whole("HTTP/1.1 404 Not Found\r\n", "404 instead of 200"), FAULT_STATUS);
	CHECK_EQ(check_whole("HTTP/1.1 206 Partial Content\r\n", "206"), FAULT_STATUS);
	CHECK_EQ(check_whole("HTTP/1.1 503 Busy\r\n", "503"), FAULT_BROKEN);
}

int main(void)
{
	a_whole_file_that_may_be_missing();
	takes_the_right_answer();
	refuses_other_statuses();
	refuses_other_ranges();
	refuses_lengths_that_contradict();
	refuses_what_is_not_plain();
	only_the_last_reply_counts();
	learns_the_total();
	etags();
	retry_after();
	retry_after_as_date();
	knows_what_authentication_is_wanted();
	verified_bytes_need_less();
	never_reads_beyond_a_line();
	return 0;
}
