#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot fleet from the command line: it explains itself, refuses what cannot be, changes nothing
# with --dry-run, one run at a time is at work, and a run that is killed leaves what the next one
# goes on from.
. "${srcdir:-..}/tests/lib.sh"
need python3 ssh-keygen flock
www=$dir/www
for number in 1 2; do
	version=$(printf '%016d' $number)
	mkdir -p "$www/versions/$version"
	for file in boot.img boot.sig roothash; do
		echo "$file $number" >"$www/versions/$version/$file"
	done
	touch -d "@170000000$number" "$www/versions/$version/boot.img"
done
first=0000000000000001 second=0000000000000002
ln -s "versions/$first" "$www/pi"
cat >"$dir/fleet.json" <<END
{"root": "$www", "log": "$dir/access", "state": "$dir/state", "groups": ["canary"],
 "devices": [{"name": "barn", "serial": "10000000abcdef01", "group": "canary"}, {"name": "field", "serial": "abcdef02"}]}
END

# expect STATUS TEXT ARGUMENT...
expect() {
	expected=$1 text=$2
	shift 2
	status=0
	timeout "$(slack 60)" "$farroot" fleet --config="$dir/fleet.json" "$@" >"$dir/out" 2>&1 </dev/null || status=$?
	[ "$status" = "$expected" ] || fail "farroot fleet $*: status $status, not $expected: $(cat "$dir/out")"
	[ -z "$text" ] || grep -qF -e "$text" "$dir/out" || fail "farroot fleet $*: '$text' is not in: $(cat "$dir/out")"
	! grep -q Traceback "$dir/out" || fail "farroot fleet $*: $(cat "$dir/out")"
}

link() {
	readlink "$www/devices/$1"
}

expect 1 'farroot fleet update makes it'
expect 0 '' update
same "$(link abcdef01) $(link abcdef02)" "../versions/$first ../versions/$first" "the first links"
expect 0 'no roll-out'
grep -q '^barn  *canary .* away .* never  *-$' "$dir/out" || fail "another table: $(cat "$dir/out")"
expect 0 '"name": "barn"' --json
python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$dir/out" || fail "no JSON: $(cat "$dir/out")"
expect 0 'farroot_fleet_device_info{device="barn",serial="abcdef01"' --prometheus
python3 "$srcdir/tests/end-to-end/metrics-check.py" <"$dir/out" || fail "other metrics: $(cat "$dir/out")"

expect 2 'no such command' frobnicate
expect 2 "Try 'farroot fleet --help'" --frob
expect 2 'its value is missing' rollout --to
expect 2 '--again: no such option of stop' stop --again
expect 2 'name the devices' rollback
expect 2 'too many arguments' update now
expect 2 'cannot be used together' --json --prometheus
expect 1 'the groups are, in their order: canary all' rollout --to=barns
expect 1 'version 0000000000000009: is not in' rollout 0000000000000009
expect 1 'barns: no such device' rollback barns
expect 1 'has no version before' rollback barn
expect 1 'is no channel of the role publish' rescue barn
expect 0 'nothing to do' stop
expect 0 'nothing to do' normal barn

before=$(link abcdef01)
expect 0 "barn: is to boot version $second" rollout $second --dry-run
same "$(link abcdef01)" "$before" "the link after --dry-run"
expect 0 'no roll-out'
expect 0 "barn: is to boot version $second" rollout $second
same "$(link abcdef01) $(link abcdef01.previous)" "../versions/$second ../versions/$first" "the links"
expect 0 'waits for a signed beacon'
expect 0 'nothing to do' rollout $second
expect 0 "version $second is rolled out to all" log
expect 0 "barn: is to boot version $first: rolled back by hand" rollback barn
same "$(link abcdef01)" "../versions/$first" "after a rollback by hand"
expect 0 'barn was rolled back'

# One at a time: the timer's run ends, a command waits.
exec 8>"$dir/state/lock"
flock 8
expect 0 'another run is at work' update
"$farroot" fleet --config="$dir/fleet.json" rollout $second --again >"$dir/waits.log" 2>&1 8>&- &
waits=$!
remember $waits
stays 1 "the command waits" is_alive $waits
exec 8>&-
wait_until 20 "the command ends" is_gone $waits
same "$(link abcdef01)" "../versions/$second" "after waiting"

# A run that is killed, many times: table and links agree after the next one.
awk -v "now=$(date +%s)" 'BEGIN {
	for (i = 0; i < 40000; i++)
		printf "{\"time\":\"%d.%03d\",\"address\":\"192.0.2.1\",\"method\":\"GET\",\"uri\":\"/devices/abcdef01/boot.img\",\"args\":\"\",\"status\":\"200\",\"sent\":\"11\",\"etag\":\"\\\"6553f102-b\\\"\",\"agent\":\"x\"}\n", now + 60 * int(i / 1000), i % 1000
}' >"$dir/access"
for delay in 0.1 0.2 0.3 0.4; do
	"$farroot" fleet --config="$dir/fleet.json" update >"$dir/killed.log" 2>&1 &
	killed=$!
	remember $killed
	sleep $delay
	kill -KILL $killed
	wait_until 10 "it is gone" is_gone $killed
done
expect 0 '' update
expect 0 '"boots": 40,' --json

# What is read of the configuration.
echo '{' >"$dir/fleet.json"
expect 1 'is not JSON'
rm "$dir/fleet.json"
expect 1 'the role farroot.rpi.fleet writes it'
