#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The role device: what it writes into a site and onto a machine, a second run changes nothing, check
# mode tells the truth, what is not wanted any more goes, and wrong variables are refused.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
make_small_site
variables "device_install: false
device_manage_service: false"
all="{\"device_beacon_url\": \"http://192.0.2.1\", \"device_metrics\": true, \"device_watchdog\": 15,
	\"device_health_checks\": {\"disk\": \"#!/bin/sh\\ntest -e /dev/sda\\n\"}}"
kernel='{"device_persist": "LABEL=data", "device_store": "LABEL=data:/cache"}'
before=$(tree "$dir/site")

# The site.
play device -- --check --diff -e device_site="$dir/site" -e "$all" -e "$kernel"
changed some "check mode before the first run"
same "$(tree "$dir/site")" "$before" "the site after check mode"
play device -- -e device_site="$dir/site" -e "$all" -e "$kernel"
changed some "the first run"
play device -- -e device_site="$dir/site" -e "$all" -e "$kernel"
changed 0 "the second run"
play device -- --check --diff -e device_site="$dir/site" -e "$all" -e "$kernel"
changed 0 "check mode after it"
files=$dir/site/rootfs/files
grep -qx 'url=http://192.0.2.1' "$files/etc/farroot/beacon" || fail "no URL"
grep -qx 'RuntimeWatchdogSec=15s' "$files/etc/systemd/system.conf.d/50-farroot-watchdog.conf" || fail "no watchdog"
[ -x "$files/etc/farroot/healthy.d/ansible-disk" ] || fail "no health check"
same "$(tr '\n' ' ' <"$dir/site/rootfs/packages.d/ansible-device")" 'curl openssh-client prometheus-node-exporter ' "the packages"
same "$(tr '\n' ' ' <"$dir/site/boot/cmdline.d/ansible-device")" 'farroot.persist=LABEL=data farroot.store=LABEL=data:/cache ' "the arguments"
same "$(readlink "$files/etc/systemd/system/timers.target.wants/farroot-metrics.timer")" /usr/lib/systemd/system/farroot-metrics.timer "the timer"

# The beacon of the tree reads it.
sed -n 's/^#   \([a-z]*\)=.*/\1/p' "$srcdir/initramfs/root/beacon" >"$dir/known"
sed -n 's/^\([a-z]*\)=.*/\1/p' "$files/etc/farroot/beacon" | grep -vxFf "$dir/known" >&2 && fail "the beacon does not know these"

# Nothing of it is wanted any more.
play device -- -e device_site="$dir/site"
changed some "less"
same "$(
	find "$dir/site" -type f -newer "$dir/known"
	find "$dir/site" -name '*ansible*' -o -name '*farroot*' ! -type d
)" '' "files that are left"

# A running machine.
mkdir "$dir/machine"
machine="-e _device_root=$dir/machine"
# shellcheck disable=SC2086 # words
{
	play device -- $machine -e "$all"
	changed some "the machine"
	play device -- $machine -e "$all"
	changed 0 "the machine, again"
	grep -qx 'minutes=30' "$dir/machine/etc/farroot/beacon" || fail "no minutes"
	refuses 'they need device_site' device -- $machine -e "$kernel"
}

wrong 'must be the absolute path of a folder on the controller that has a site.conf' '{"device_site": "/nonexistent"}'
wrong 'such as http://192.0.2.1' '{"device_beacon_url": "192.0.2.1"}'
wrong 'device_beacon_url: http://...@example.org' '{"device_beacon_url": "http://me:hunter2@example.org"}'
wrong 'device_watchdog: 9999: must be 0 to 3600' '{"device_watchdog": 9999}'
wrong 'device_persist: data: must be a disk' '{"device_persist": "data"}'
wrong 'with a script that begins with #!/' '{"device_health_checks": {"disk": "test -e /dev/sda"}}'
refuses_all device
