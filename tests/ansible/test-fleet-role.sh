#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The role fleet: a second run changes nothing, check mode tells the truth, nginx takes what it writes
# and stays as it was otherwise, what floods the server is limited, and wrong variables are refused.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/publish-lib.sh"
. "$srcdir/tests/ansible/fleet-lib.sh"
make_pair
play fleet -- --check --diff -e fleet_nginx_folder="$dir/not-yet"
changed some "check mode before nginx is installed"
play fleet -- --check --diff
changed some "check mode before the first run"
[ -z "$(ls "$dir/conf.d")" ] || fail "check mode has written for nginx"
[ ! -e "$dir/fleet.json" ] || fail "check mode has written the configuration"
play publish fleet -- --tags publish_server,fleet -e fleet_url=
start_server
play fleet
changed 0 "the second run"
play fleet -- --check --diff
changed 0 "check mode after it"
same "$(link_of barn)" "$first" "the first version"
same "$(stat -c %a "$dir/fleet-state")" 700 "the mode of the state"
same "$(header devices/abcdef01/boot.img Cache-Control)" no-cache "Cache-Control of boot.img"
for method in PUT POST DELETE; do
	same "$(curl -s -o /dev/null -w '%{http_code}' -X $method -d x "$url/fleet/challenge?m=x&s=x")" 403 "$method"
done
! grep -q PUT "$dir/fleet-access" || fail "a request that was refused is in the log"
curl -s "$url/fleet/challenge" "$url/devices/abcdef01/boot.sig" "$url/devices/abcdef09/boot.img" >/dev/null
same "$(grep -c challenge "$dir/fleet-access")" 0 "questions for the challenge in the log"
if command -v systemd-analyze >/dev/null; then
	systemd-analyze verify --man=no "$dir"/units/* >"$dir/units.log" 2>&1 || :
	! grep "$dir/units" "$dir/units.log" >&2 || fail "systemd does not take the units"
fi
# Authorities of host keys, only if there are some: an older farroot-fleet does not know them.
! grep -q host_authorities "$dir/fleet.json" || fail "authorities in the configuration"
ssh-keygen -q -t ed25519 -N '' -f "$dir/host_ca"
play fleet -- -e "{\"fleet_host_authorities\": [\"{{ lookup('file', '$dir/host_ca.pub') }}\"]}"
grep -qF "$(cut -d ' ' -f 2 "$dir/host_ca.pub")" "$dir/fleet.json" || fail "no authority in the configuration"
update
play fleet
# What floods the server gets 429, and the log has no line of it.
seq 300 | sed "s,.*,url = \"$url/fleet/challenge?m=flood\"," >"$dir/flood"
[ "$(curl -s -o /dev/null -w '%{http_code}\n' -K "$dir/flood" | grep -c 429)" -gt 100 ] || fail "no limit"
[ "$(grep -c flood "$dir/fleet-access")" -lt 200 ] || fail "the log has it all"

# A configuration that nginx does not take.
before=$(tree "$dir/conf.d")
refuses 'so it is as it was before' fleet -- -e fleet_log=/dev/null/x
same "$(tree "$dir/conf.d")" "$before" "the configuration after a failure"
refuses 'has to include' fleet -- -e fleet_url="$url/pi"

wrong 'must be an absolute path' '{"fleet_state": "state"}'
wrong 'must be a channel of the role publish' '{"fleet_rescue_channel": "devices"}'
wrong 'fleet_url: http://...@example.org' '{"fleet_url": "http://me:hunter2@example.org"}'
wrong 'fleet_boots: 0: must be 1 to 100' '{"fleet_boots": 0}'
wrong 'each once' '{"fleet_groups": ["canary", "canary"]}'
wrong 'group one of canary, all, and is barns' '{"fleet_devices": [{"name": "barn", "serial": "abcdef01", "group": "barns"}]}'
wrong 'serial must be the serial number' '{"fleet_devices": [{"name": "barn", "serial": "12"}]}'
wrong 'host_keys public keys as in' '{"fleet_devices": [{"name": "barn", "serial": "abcdef01", "host_keys": ["no-pty ssh-ed25519 AAAA"]}]}'
wrong 'fleet_host_authorities: must be public keys' '{"fleet_host_authorities": ["/srv/farroot/keys/host_ca.pub"]}'
wrong 'the same last 8 digits' '{"fleet_devices": [{"name": "barn", "serial": "abcdef01"}, {"name": "field", "serial": "10000000ABCDEF01"}]}'
refuses_all fleet
