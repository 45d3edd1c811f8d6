# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For the tests of the roles fleet and device: devices that are folders, with ssh host keys and the
# program that the running system has. Source it after publish-lib.sh.
#
#   make_device NAME SERIAL GROUP   -> $dir/NAME; its line is added to the inventory
#   make_unsigned NAME SERIAL GROUP a device without a host key
#   make_pair          the signed barn and the unsigned field, and their first version, $first
#   fleet_variables                 the variables of the role fleet
#   publish_version N [bad]         as the role publish, with what the build number N makes; sets $new
#                      with a file $dir/NAME/broken, no version becomes healthy
#   boot NAME          as the boot loader does, then as the system does that it gets
#   restart NAME       boot, after an announced restart
#   beat NAME [SECONDS]   the device runs for that time, and its timer comes
#   fleet ARGUMENT...  farroot fleet; the output is in $dir/fleet.out
#   update             what the timer of the server runs
#   link_of NAME       the version that it is to boot
#   is NAME STATE      what farroot fleet says

# shellcheck disable=SC2154

need ssh-keygen nginx curl
agent='rpiboot/1.0 (d03114; version:507b2360; 2711)'
devices=
inventory=$dir/fleet-devices

make_device() {
	make_unsigned "$@"
	ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$dir/$1/etc/ssh/ssh_host_ed25519_key"
	printf '    host_keys: ["%s"]\n' "$(cat "$dir/$1/etc/ssh/ssh_host_ed25519_key.pub")" >>"$inventory"
}

make_unsigned() {
	mkdir -p "$dir/$1/etc/farroot" "$dir/$1/etc/ssh" "$dir/$1/proc/device-tree" "$dir/$1/proc/sys/kernel/random" "$dir/$1/bin"
	printf '%s\0' "$2" >"$dir/$1/proc/device-tree/serial-number"
	printf 'url=%s\nafter=60\n' "$url" >"$dir/$1/etc/farroot/beacon"
	echo running >"$dir/$1/system"
	printf '#!/bin/sh\nexec cat "%s"\n' "$dir/$1/system" >"$dir/$1/bin/systemctl"
	printf '#!/bin/sh\necho %s\n' '{\"state\":\"filling\",\"image_bytes\":1000,\"present_bytes\":430,\"eta_s\":90}' >"$dir/$1/bin/farroot"
	chmod 755 "$dir/$1/bin"/*
	printf '  - name: %s\n    serial: "%s"\n    group: %s\n' "$1" "$2" "$3" >>"$inventory"
	devices="$devices $1"
}

make_pair() {
	configure
	make_device barn 10000000abcdef01 canary
	make_unsigned field abcdef02 all
	fleet_variables
	publish_version 1
	# shellcheck disable=SC2034 # for the tests
	first=$new
}

serial_of() {
	tr -d '\0' <"$dir/$1/proc/device-tree/serial-number" | tail -c 8
}

fleet_variables() {
	mkdir -p "$dir/units"
	variables "fleet_publish_root: $www
fleet_url: $url
fleet_config: $dir/fleet.json
fleet_state: $dir/fleet-state
fleet_log: $dir/fleet-access
fleet_same_boot_seconds: 0
fleet_program: ['$(cd "$srcdir/fleet" && pwd)/farroot-fleet']
fleet_nginx_folder: $dir/conf.d
fleet_nginx_test: [nginx, -t, -q, -c, $dir/nginx.conf]
fleet_units: $dir/units
fleet_install: false
fleet_manage_service: false
fleet_groups: [canary]
fleet_devices:
$(cat "$inventory")"
}

fleet() {
	code=0
	timeout "$(slack 60)" "$srcdir/fleet/farroot-fleet" "$@" --config="$dir/fleet.json" >"$dir/fleet.out" 2>&1 || code=$?
	! grep -q Traceback "$dir/fleet.out" || fail "farroot fleet $*: $(cat "$dir/fleet.out")"
}

update() {
	fleet update
	same "$code" 0 "farroot fleet update: $(cat "$dir/fleet.out")"
}

fleet_said() {
	grep -qF -e "$1" "$dir/fleet.out" || fail "farroot fleet did not say '$1': $(cat "$dir/fleet.out")"
}

link_of() {
	readlink "$www/devices/$(serial_of "$1")" | sed 's,^../versions/,,'
}

is() {
	fleet --json
	found=$(/usr/bin/python3 -c 'import json, sys
known = json.load(open(sys.argv[1]))
print([device for device in known["devices"] if device["name"] == sys.argv[2]][0][sys.argv[3]])' "$dir/fleet.out" "$1" "${3:-state}")
	same "$found" "$2" "${3:-state} of $1: $(cat "$dir/fleet.out")"
}

rollout_state() {
	fleet --json
	same "$(/usr/bin/python3 -c 'import json, sys
print((json.load(open(sys.argv[1]))["rollout"] or {"state": "none"})["state"])' "$dir/fleet.out")" "$1" "the roll-out: $(cat "$dir/fleet.out")"
}

# The number is in boot.img; a bad one ends without a word.
boot() {
	for file in boot.sig boot.img; do
		curl -fsS -A "$agent" "$url/devices/$(serial_of "$1")/$file" >"$dir/$1/$file" || fail "$1 does not get $file"
	done
	rm -rf "$dir/$1/run"
	mkdir -p "$dir/$1/run"
	number=$(head -n 1 "$dir/$1/boot.img" | sed 's/^boot //')
	echo "10.00 1.00" >"$dir/$1/proc/uptime"
	cp /proc/sys/kernel/random/uuid "$dir/$1/proc/sys/kernel/random/boot_id"
	echo "boot=farroot roothash=$(cat "$dir/roothash.${number% bad}" 2>/dev/null)" >"$dir/$1/proc/cmdline"
	case $number in
	*bad) ;;
	*) [ -e "$dir/$1/broken" ] || beat "$1" ;;
	esac
}

beacon() {
	PATH="$dir/$2/bin:$PATH" sh "$srcdir/initramfs/root/beacon" "$1" "$dir/$2" >>"$dir/$2/beacon.out" 2>&1
}

beat() {
	seconds=$(cut -d . -f 1 "$dir/$1/proc/uptime")
	echo "$((seconds + ${2:-60})).00 1.00" >"$dir/$1/proc/uptime"
	beacon run "$1" || fail "beacon of $1: $(cat "$dir/$1/beacon.out")"
}

restart() {
	echo stopping >"$dir/$1/system"
	beacon reboot "$1" || fail "beacon of $1: $(cat "$dir/$1/beacon.out")"
	echo running >"$dir/$1/system"
	boot "$1"
}

publish_version() {
	make_build "$1${2:+ $2}"
	roothash=$(cat "$dir/rootfs/roothash")
	echo "$roothash" >"$dir/roothash.$1"
	new=$(printf '%016x' "$1")
	mkdir -p "$www/versions/$new"
	cp "$dir/boot/http/boot.img" "$dir/boot/http/boot.sig" "$dir/rootfs/roothash" "$www/versions/$new/"
	# nginx tells versions apart by the second in which their boot.img was written.
	touch -d "@$((1700000000 + $1))" "$www/versions/$new/boot.img"
	ln -sfn "versions/$new" "$www/pi"
}
