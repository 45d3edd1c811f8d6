#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot status --prometheus gives the status as metrics that Prometheus can read, whether there
# is a server or the status that it has left.
. "${srcdir:-..}/tests/end-to-end/status-answers.sh"
need python3

is_well_formed() {
	python3 "$srcdir/tests/end-to-end/metrics-check.py" <"$1" 2>"$dir/check"
}

# metrics: what farroot status makes of it, in $dir/out.
metrics() {
	ask --prometheus || fail "$(cat "$dir/err")"
	is_well_formed "$dir/out" || fail "$(cat "$dir/check")"
}

says() {
	grep -qxF -e "$1" "$dir/out" || fail "'$1' is not in: $(cat "$dir/out")"
}

# says_no METRIC: it has no sample.
says_no() {
	! grep "^$1[{ ]" "$dir/out" || fail "$1 has a sample"
}

# A server that is older than its counters: they are 0.
line outage 26214400 '' >"$dir/sock.json"
metrics
says 'farroot_state{state="outage"} 1'
says 'farroot_state{state="ready"} 0'
says 'farroot_origin_info{url="http://a/x"} 1'
says 'farroot_present_bytes 26214400'
says 'farroot_round_trip_seconds 0.042'
says 'farroot_outage_start_time_seconds 1000000000'
says 'farroot_faults_total{kind="tls"} 0'
says 'farroot_read_duration_seconds_count{result="hit"} 0'
says_no farroot_corrupt_start_time_seconds
cp "$dir/out" "$dir/good"

# What is not known has no sample; the texts of a server stay in their label.
sed -e 's/"origin":"[^"]*"/"origin":"http:\/\/a\/\\"}\\\\\\n 1"/' -e 's/\("budget_bytes"\|"rate_bytes_per_s"\|"rtt_ms"\|"outage_since"\):[0-9]*/\1:0/g' \
	-e 's/\("eta_s"\|"last_error_age_s"\):[0-9]*/\1:-1/g' \
	-e 's/"news":1/"outages":{"count":3,"seconds":4},"fetched_by_class":{"fill":5},"answers":{"4xx":6},"faults":{"tls":7},"hits":{"25us":8,"1ms":9,"sum_us":10},"misses":{"1h":11,"more":12,"sum_us":13000014}/' \
	"$dir/sock.json" >"$dir/new"
mv "$dir/new" "$dir/sock.json"
metrics
says 'farroot_origin_info{url="http://a/\"}\\? 1"} 1'
for name in farroot_budget_bytes farroot_budget_left_bytes farroot_link_bytes_per_second farroot_round_trip_seconds \
	farroot_outage_start_time_seconds farroot_eta_seconds farroot_last_error_age_seconds; do
	says_no "$name"
done
says 'farroot_outages_total 3'
says 'farroot_outage_seconds_total 4'
says 'farroot_fetched_bytes_total{class="fill"} 5'
says 'farroot_answers_total{status="4xx"} 6'
says 'farroot_faults_total{kind="tls"} 7'
says 'farroot_read_duration_seconds_bucket{result="hit",le="2.5e-05"} 8'
says 'farroot_read_duration_seconds_bucket{result="hit",le="0.001"} 17'
says 'farroot_read_duration_seconds_sum{result="hit"} 0.000010'
says 'farroot_read_duration_seconds_bucket{result="miss",le="3600"} 11'
says 'farroot_read_duration_seconds_bucket{result="miss",le="+Inf"} 23'
says 'farroot_read_duration_seconds_sum{result="miss"} 13.000014'

# is_refused WHAT SED-SCRIPT: the check sees that.
is_refused() {
	sed "$2" "$dir/good" >"$dir/bad"
	! cmp -s "$dir/good" "$dir/bad" || fail "$1: nothing was changed"
	! is_well_formed "$dir/bad" || fail "the check accepts $1"
}
is_refused "a metric without TYPE" '/TYPE farroot_image_bytes/d'
is_refused "a metric without HELP" '/HELP farroot_image_bytes/d'
is_refused "a series twice" '/^farroot_image_bytes/p'
is_refused "a counter without _total" s/farroot_requests_total/farroot_requests/
is_refused "milliseconds" s/round_trip_seconds/round_trip_ms/
is_refused "two states" 's/"ready"} 0/"ready"} 1/'
is_refused "buckets that fall" '/hit",le="0.1"/s/0$/1/'
is_refused "a count that is not +Inf" '/_count{result="miss"}/s/0$/1/'
is_refused "a quote in a label" 's/url="/&"/'

# Half of the metrics are none.
if [ -e /dev/full ]; then
	! "$farroot" status --prometheus "--socket=$dir/sock" >/dev/full 2>"$dir/err" || fail "a full disk is no error"
	grep -q 'cannot write the metrics: No space left' "$dir/err" || fail "full disk: $(cat "$dir/err")"
fi
for option in --json --watch; do
	status=0
	ask --prometheus "$option" || status=$?
	same "$status" 2 "exit status with $option"
done

# A real server.
make_image image 1
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=yes status="$dir/sock"
is_materialized() {
	metrics
	grep -qx 'farroot_state{state="materialized"} 1' "$dir/out"
}
wait_until 10 "the image is materialized" is_materialized
says "farroot_image_bytes $(stat -c %s "$dir/image")"
grep -q '^farroot_fetched_bytes_total{class="fill"} [1-9]' "$dir/out" || fail "no bytes of the fill"
