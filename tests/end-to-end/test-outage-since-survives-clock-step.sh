#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The clock of a Raspberry Pi starts in the past and is set after a while: the status then tells
# by the right clock since when there is an outage, and how old the last error is.
. "${srcdir:-..}/tests/lib.sh"
need "${CC:-cc}"

# time(2), behind by the seconds of a file.
cat >"$dir/clock.c" <<'END'
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

time_t time(time_t *out)
{
	struct timespec now;
	FILE *f = fopen(getenv("BEHIND_FILE"), "r");
	long behind = 0;

	if (f) {
		if (fscanf(f, "%ld", &behind) != 1)
			behind = 0;
		fclose(f);
	}
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec -= behind;
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
END
${CC:-cc} -shared -fPIC -o "$dir/clock.so" "$dir/clock.c" || fail "cannot compile"
echo 1000000000 >"$dir/behind"

began=$(date +%s)
LD_PRELOAD=$dir/clock.so BEHIND_FILE=$dir/behind
export LD_PRELOAD BEHIND_FILE
plugin_start url=http://127.0.0.1:1/image roothash="$(printf '%064d' 1)" profile=none status="$dir/status.sock"
unset LD_PRELOAD
has_outage() {
	[ "$(status_of outage_since)" != 0 ]
}
wait_until 10 "there is an outage" has_outage
since=$(status_of outage_since)
[ "$since" -lt $((began - 900000000)) ] || fail "the clock of the server is not behind: outage since $since, began $began"

echo 0 >"$dir/behind"
# The status is put together again when something happens.
is_right() {
	since=$(status_of outage_since)
	[ "$since" -ge $((began - 2)) ] && [ "$since" -le $((began + $(slack 10))) ]
}
wait_until 10 "the status tells the right time" is_right
[ "$(status_of last_error_age_s)" -le 60 ] || fail "the last error is $(status_of last_error_age_s) s old"
