#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The playbooks rollout, rescue and rollback with a fleet: they say how a roll-out has ended, restart
# the devices that are to boot something else and no others, and check mode changes nothing.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/publish-lib.sh"
. "$srcdir/tests/ansible/fleet-lib.sh"
make_pair
play publish fleet -- --tags publish_server,fleet -e fleet_url=
start_server

# Devices are folders; a restart is a file that gets another content.
export FAKE_PI="$dir" ANSIBLE_CONNECTION_PLUGINS
ANSIBLE_CONNECTION_PLUGINS=$(cd "$srcdir/tests/ansible/fake/connection" && pwd)
echo 0 >"$dir/started"
printf '#!/bin/sh\ncat /proc/sys/kernel/random/uuid >"%s"\necho >>"%s"\n' "$dir/started" "$dir/restarts" >"$dir/bin/pi-start"
chmod 755 "$dir/bin/pi-start"
cat >"$dir/hosts.yml" <<END
all:
  vars: {ansible_connection: local, ansible_become: false}
  children:
    farroot_servers: {hosts: {server: }}
    farroot_devices: {hosts: {barn: , field: }, vars: {ansible_connection: pi}}
END
play_book() {
	playbook=$1
	shift
	run_playbook -i "$dir/hosts.yml" -e "@$dir/vars.yml" "$@" "farroot.rpi.$playbook"
}
boot barn
update
is barn healthy
publish_version 2
second=$new
play_book rollout --check -e fleet_to=canary
grep -q '^server .* changed=1 ' "$dir/play.out" || fail "check mode of a roll-out: $(cat "$dir/play.out")"
same "$(link_of barn)" "$first" "after check mode"
play_book rollout -e fleet_to=canary -e fleet_wait=0
same "$(link_of barn) $(link_of field)" "$second $first" "the canary"
[ ! -e "$dir/restarts" ] || fail "a restart that was not asked for"
is barn True restart
play_book rollout -e fleet_to=canary -e fleet_wait=0 -e farroot_restart=true
same "$status" 0 "a roll-out with restarts: $(cat "$dir/play.out")"
grep -q '^server .* changed=0 ' "$dir/play.out" || fail "the same roll-out again: $(cat "$dir/play.out")"
grep -q '^barn .* changed=1 ' "$dir/play.out" || fail "barn is not restarted: $(cat "$dir/play.out")"
grep -q '^field .* changed=0 ' "$dir/play.out" || fail "field is restarted: $(cat "$dir/play.out")"
same "$(wc -l <"$dir/restarts")" 1 "restarts"
boot barn
update
play_book rollout -e fleet_to=canary -e fleet_wait=10
same "$status" 0 "a roll-out that is done: $(cat "$dir/play.out")"
publish_version 3 bad
fleet rollout
for _ in 1 2 3 4; do
	boot barn
done
update
play_book rollout -e fleet_wait=10
[ "$status" != 0 ] || fail "a version that was stopped"
said 'was stopped: barn: 3 boots of version'

# The rescue system, and back.
play_book rescue
[ "$status" != 0 ] || fail "all devices"
said 'name the devices by --limit'
ln -s "versions/$first" "$www/rescue"
play_book rescue --limit barn
same "$status" 0 "the rescue system: $(cat "$dir/play.out")"
same "$(link_of barn) $(link_of field)" "$first $first" "the rescue system for one device"
same "$(wc -l <"$dir/restarts")" 2 "restarts"
boot barn
update
is barn rescue
play_book rescue --limit barn -e fleet_rescue=false
same "$(link_of barn)" "$second" "the usual version"
same "$(wc -l <"$dir/restarts")" 3 "restarts"

# One device goes back.
play_book rollback -e '{"fleet_device": ["field"]}' -e fleet_version="$second"
same "$(link_of field)" "$second" "a device, rolled back"
