#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The role netboot: its configuration is one that dnsmasq takes, the boot files are switched
# in one step, a second run changes nothing, check mode tells the truth.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
need dnsmasq
boot=$dir/boot
tftp=$dir/tftp
mkdir "$dir/dnsmasq.d"
make_build() {
	mkdir -p "$boot/tftp/overlays" "$boot/rpiboot"
	echo "start4 $1" >"$boot/tftp/start4.elf"
	echo "overlay $1" >"$boot/tftp/overlays/a.dtbo"
	echo "boot $1" >"$boot/rpiboot/boot.img"
}
variables "netboot_source: $boot
netboot_tftp_root: $tftp
netboot_config: $dir/dnsmasq.d/farroot.conf
netboot_interface: eth0
netboot_network: 192.0.2.0
netboot_keep: 2
netboot_install: false
netboot_manage_service: false
netboot_devices:
  - {name: barn, mac: 'DC:A6:32:01:02:03', address: 192.0.2.11}"
play netboot -- --check --diff
changed some "check mode before the first run"
[ ! -e "$tftp" ] || fail "check mode has made $tftp"
make_build 1
play netboot -- --check --diff
changed some "check mode before the first run, with boot files"
play netboot
play netboot
changed 0 "the second run"
play netboot -- --check --diff
changed 0 "check mode after it"
same "$(cat "$tftp/current/start4.elf")" "start4 1" "start4.elf"
same "$(cat "$tftp/current/overlays/a.dtbo")" "overlay 1" "an overlay"
grep -q '^dhcp-range=192.0.2.0,proxy,255.255.255.0$' "$dir/dnsmasq.d/farroot.conf" || fail "no proxy DHCP"
first=$(readlink "$tftp/current")

# An update and its retention.
make_build 2
touch -d '3 days ago' "$tftp/$first"
play netboot -- --check
changed some "check mode before an update"
same "$(readlink "$tftp/current")" "$first" "the version after check mode"
play netboot
same "$(cat "$tftp/current/start4.elf")" "start4 2" "the new start4.elf"
[ -e "$tftp/$first" ] || fail "two versions are to be kept"
touch -d '2 days ago' "$tftp/$(readlink "$tftp/current")"
make_build 3
play netboot
[ ! -e "$tftp/$first" ] || fail "the oldest version is to go"
same "$(find "$tftp/versions" -mindepth 1 -maxdepth 1 | wc -l)" 2 "versions"

# DHCP of its own, and another line.
full='{"netboot_dhcp": "full", "netboot_range_first": "192.0.2.50", "netboot_range_last": "192.0.2.99",
	"netboot_router": "192.0.2.1", "netboot_dns_servers": ["192.0.2.1"], "netboot_lines": ["log-dhcp"]}'
play netboot -- --diff -e "$full" --tags netboot_dnsmasq
changed 1 "another kind of DHCP"
said '+dhcp-range=192.0.2.50,192.0.2.99,255.255.255.0,12h'
said '+dhcp-host=dc:a6:32:01:02:03,set:farroot,192.0.2.11,barn'
before=$(cat "$dir/dnsmasq.d/farroot.conf")
refuses 'failed to validate' netboot -- --tags netboot_dnsmasq -e '{"netboot_lines": ["no-such-option"]}'
same "$(cat "$dir/dnsmasq.d/farroot.conf")" "$before" "the configuration"

# Secrets and wrong variables.
openssl genrsa 2048 >"$boot/tftp/key" 2>/dev/null
refuses 'these would show secrets' netboot
rm "$boot/tftp/key"
wrong 'value of netboot_dhcp must be one of' '{"netboot_dhcp": "yes"}'
wrong 'for full netboot_range_first and netboot_range_last' '{"netboot_dhcp": "full"}'
wrong 'must be an IPv4 address' '{"netboot_network": "192.0.2"}'
wrong 'must be an IPv4 address' '{"netboot_network": "192.0.2.256"}'
wrong 'mac must be a MAC address' '{"netboot_devices": [{"name": "barn", "mac": "dc:a6:32"}]}'
wrong 'two machines have the same mac' \
	'{"netboot_devices": [{"name": "a", "mac": "dc:a6:32:01:02:03"}, {"name": "b", "mac": "DC:A6:32:01:02:03"}]}'
refuses_all netboot
rm -r "$boot/rpiboot"
refuses 'must have the folders tftp and rpiboot' netboot
