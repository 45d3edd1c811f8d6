#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Three devices, a real nginx and real signatures: a version goes from the canary to all; a broken
# one stops by itself, its devices boot the version before again, and farroot fleet says why. A
# restart that is announced counts as no failure. An unsigned device boots, and decides nothing.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/publish-lib.sh"
. "$srcdir/tests/ansible/fleet-lib.sh"
configure
make_device barn 10000000abcdef01 canary
make_device field 10000000abcdef02 all
make_unsigned shed 10000000abcdef03 canary
make_device mill abcdef04 all
fleet_variables
play publish -- --tags publish_server
start_server
publish_version 1
first=$new
play fleet -- -e fleet_url=
kill -HUP "$nginx"
play fleet
for device in $devices; do
	same "$(link_of "$device")" "$first" "the first version of $device"
	boot "$device"
done
update
is barn healthy
is shed unsigned
is field d03114 board
is field 507b2360 loader

# A good version: first the canary. What has not booted it yet holds the others up.
publish_version 2
second=$new
fleet rollout
same "$code" 0 "rollout: $(cat "$dir/fleet.out")"
same "$(link_of barn) $(link_of shed)" "$second $second" "the canary"
same "$(link_of field) $(link_of mill)" "$first $first" "the others"
boot shed
beat barn
update
is barn waits
same "$(link_of field)" "$first" "field, while barn runs the old version"
restart barn
update
is barn healthy
same "$(link_of field) $(link_of mill)" "$second $second" "all, after the canary"
rollout_state running
restart field
boot mill
update
rollout_state 'done'
fleet
fleet_said "version $second to all: done"
fleet rollout "$second"
fleet_said 'nothing to do'

# A broken one, for which three boots fail; two of its restarts are by hand, and count as none.
publish_version 3 bad
third=$new
fleet rollout --to=canary
restart barn
boot barn
update
is barn 1 failed_boots
boot barn
update
is barn 2 failed_boots
same "$(link_of barn)" "$third" "the version after two failed boots"
boot barn
update
fleet_said "barn: back to version $second: 3 boots of version $third one after another did not become healthy"
same "$(link_of barn) $(link_of shed)" "$second $second" "the canary after the stop"
same "$(link_of field)" "$second" "a device that never had the broken version"
rollout_state stopped
fleet
fleet_said "version $third to canary: stopped: barn: 3 boots of version $third one after another did not become healthy"
boot barn
update
is barn healthy
fleet rollout "$third"
same "$code" 1 "the broken version once more: $(cat "$dir/fleet.out")"
fleet_said 'was stopped: barn: 3 boots'

# The unsigned device alone has it: nothing is decided by it, however often it boots.
fleet rollout --again --to=canary
for _ in 1 2 3 4 5; do
	boot shed
done
update
rollout_state running
same "$(link_of shed)" "$third" "the unsigned device"
same "$(link_of field)" "$second" "a device of the next group"
fleet stop 'enough of it'
fleet_said 'enough of it'
same "$(link_of shed) $(link_of barn)" "$second $second" "after a stop by hand"

# A version that is healthy on the canary, and broken on another device: what has become healthy
# stays, what has not goes back.
publish_version 4
fourth=$new
fleet rollout
restart barn
update
same "$(link_of field) $(link_of mill)" "$fourth $fourth" "all, after the canary"
: >"$dir/field/broken"
for _ in 1 2 3 4; do
	boot field
done
update
rollout_state stopped
same "$(link_of barn)" "$fourth" "barn, which is healthy"
same "$(link_of field) $(link_of mill) $(link_of shed)" "$second $second $second" "the others"
fleet rollback barn
same "$(link_of barn)" "$second" "barn, rolled back by hand"
fleet rollback mill --to="$first"
same "$(link_of mill)" "$first" "mill, with a version by its name"
