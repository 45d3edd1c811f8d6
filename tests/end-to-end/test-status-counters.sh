#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The status counts what has happened: reads by their time, bytes by the class of their request,
# answers, faults and outages.
. "${srcdir:-..}/tests/lib.sh"

# sum_of OBJECT KEY...
sum_of() {
	object=$1
	sum=0
	shift
	for key; do
		value=$(status_of "$object.$key") || fail "no $object.$key in the status"
		sum=$((sum + value))
	done
	echo "$sum"
}

# reads hits|misses: how many.
reads() {
	sum_of "$1" 25us 100us 1ms 10ms 100ms 1s 10s 1min 10min 1h more
}

is_at_least() {
	[ "$(status_of "$1")" -ge "$2" ]
}

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
port1=$(free_port)

# One outage before the image is open, with one kind of fault.
plugin_start url="http://127.0.0.1:$port1/image" roothash="$roothash" fill=no status="$dir/status.sock"
wait_until 10 "a second was spent in the outage" is_at_least outages.seconds 1
told outages.count 1
[ "$(status_of faults.connect)" -ge 1 ] || fail "no fault"
same "$(sum_of answers 2xx 3xx 4xx 5xx)" 0 "answers of an origin that is not there"
origin_start 1
wait_until 10 "the image is open" status_is state ready

# Beyond the start and the end, which are fetched ahead.
misses=$(reads misses)
read_is_right 5242880 4096 "$dir/image"
same "$(reads misses)" $((misses + 1)) "misses after a read of an absent block"
hits=$(reads hits)
read_is_right 5242880 4096 "$dir/image"
same "$(reads hits)" $((hits + 1)) "hits after a read of a present block"
same "$(reads misses)" $((misses + 1)) "misses after a read of a present block"
[ "$(status_of fetched_by_class.demand)" -ge 4096 ] || fail "bytes of demands"
[ "$(status_of fetched_by_class.bootstrap)" -ge 4096 ] || fail "bytes of the bootstrap"
same "$(sum_of fetched_by_class bootstrap hash demand readahead profile fill other)" "$(status_of fetched_bytes)" \
	"bytes of all classes"
[ "$(status_of answers.2xx)" -ge 2 ] || fail "good answers"
[ "$(status_of answers.4xx)" -ge 1 ] || fail "no answer says that there is no profile"

# A read that waits for the end of an outage has the time of the outage.
origin_stop 1
read_in_background 8388608 4096
wait_until 5 "there is an outage" status_is state outage
told outages.count 2
wait_until 5 "the read waits" status_is waiting 1
seconds=$(status_of outages.seconds)
wait_until 10 "two seconds were spent in it" is_at_least outages.seconds $((seconds + 2))
same "$(reads misses)" $((misses + 1)) "misses while the read waits"
origin_start 1
wait_until 10 "the read is answered" reader_is_done
same "$(reads misses)" $((misses + 2)) "misses"
[ "$(sum_of misses 10s 1min 10min 1h more)" -ge 1 ] || fail "the read took less than 1 s"
[ "$(status_of misses.sum_us)" -ge 1000000 ] || fail "the sum of the misses"
[ "$(status_of hits.sum_us)" -lt 2000000 ] || fail "the sum of the hits"
told outages.count 2
