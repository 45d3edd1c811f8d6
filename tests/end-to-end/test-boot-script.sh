#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Parts of the boot script that need no machine: IPv6 addresses, name servers, and the
# socket of the server of the root.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot
. "$srcdir/initramfs/scripts/farroot"
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot-disk
. "$srcdir/initramfs/scripts/farroot-disk"
farroot_names=$dir/names
farroot_if_inet6=$dir/if_inet6
farroot_sandbox=$dir/sandbox
mkdir -p "$farroot_sandbox/etc"

# What the script does to the network.
ip() {
	echo "ip $*" >>"$dir/commands"
}

# The machine's own interfaces do not matter.
farroot_links_up() {
	farroot_up=${1:-eth0}
}

# sets IP COMMAND...: these commands are run.
sets() {
	: >"$dir/commands"
	: >"$farroot_names"
	farroot_set_ipv6 "$1" || fail "ip=$1 is refused"
	[ $# = 1 ] || printf '%s\n' "$2" "${3-}" | grep . >"$dir/expected"
	[ $# != 1 ] || : >"$dir/expected"
	cmp "$dir/commands" "$dir/expected" || fail "ip=$1: $(cat "$dir/commands")"
}

sets auto6
sets '[2001:db8::7]::[fe80::1]:56:host:eth1:off' \
	'ip -6 addr replace 2001:db8::7/56 dev eth1' 'ip -6 route replace default via fe80::1 dev eth1'
same "$(cat "$farroot_names")" "" "name servers"
sets '[2001:db8::7]' 'ip -6 addr replace 2001:db8::7/64 dev eth0'
sets '[2001:db8::7]:::::eth1:off:[2001:db8::53]:[2001:db8::54]' 'ip -6 addr replace 2001:db8::7/64 dev eth1'
same "$(cat "$farroot_names")" "nameserver 2001:db8::53
nameserver 2001:db8::54" "name servers"

# has_address SCOPE FLAGS
has_address() {
	{
		echo "00000000000000000000000000000001 01 80 10 80       lo"
		echo "fe800000000000005054 02 40 20 80     eth0"
		echo "20010db8000000005054 02 40 $1 $2     eth0"
	} >"$farroot_if_inet6"
	farroot_has_ipv6
}

rm -f "$farroot_if_inet6"
! farroot_has_ipv6 || fail "an address without IPv6"
has_address 00 00 || fail "an address by advertisement does not count"
has_address 00 80 || fail "a fixed address does not count"
has_address 40 80 || fail "a site-local address does not count"
! has_address 00 40 || fail "an address counts before it was checked"
! has_address 00 c8 || fail "a duplicate address counts"
! has_address 20 80 || fail "a link-local address counts"

# An address that comes late: only the first attempt talks on the console.
farroot_leases=$dir/leases
farroot_ipv4_done=$dir/ipv4-done
mkdir "$farroot_leases"
configure_networking() {
	echo "IP-Config: no response after 2 secs - giving up"
	echo attempt >>"$dir/attempts"
	[ "$(wc -l <"$dir/attempts")" -lt 4 ] || : >"$farroot_leases/net-eth0.conf"
}
farroot_configure_ipv4 >"$dir/console"
same "$(wc -l <"$dir/attempts")" 4 "attempts to get an address"
same "$(wc -l <"$dir/console")" 1 "lines of ipconfig on the console"
[ -e "$farroot_ipv4_done" ] || fail "the engine is not told of the address"

# The daemon is told of each change of the name servers, and only then.
: >"$dir/commands"
farroot_names_added=
echo nameserver 2001:db8::53 >"$farroot_names"
farroot_add_names
grep -qx 'nameserver 2001:db8::53' "$farroot_sandbox/etc/resolv.conf" || fail "no name server"
same "$(cat "$dir/commands")" "ip link set dev lo up" "the first time"
farroot_add_names
same "$(wc -l <"$dir/commands")" 1 "commands without a change"
echo nameserver 2001:db8::54 >>"$farroot_names"
farroot_add_names
grep -qx 'nameserver 2001:db8::54' "$farroot_sandbox/etc/resolv.conf" || fail "no second name server"
same "$(tail -n 1 "$dir/commands")" "ip link set dev lo up" "after a change"
same "$(wc -l <"$dir/commands")" 3 "commands after a change"

# Once the kernel has its connection, no other client can connect to the server.
: >"$farroot_sandbox/nbd.sock"
: >"$farroot_sandbox/status.sock"
farroot_program=false
! farroot_attach || fail "attached without a server"
[ -e "$farroot_sandbox/nbd.sock" ] || fail "the socket is gone before the kernel is attached"
farroot_program=true
farroot_attach || fail "not attached"
[ ! -e "$farroot_sandbox/nbd.sock" ] || fail "another client can connect"
[ -e "$farroot_sandbox/status.sock" ] || fail "the status socket is gone"

# Files with secrets that were put into the initramfs reach the engine, and only root
# can read them.
farroot_add_secrets
[ ! -e "$farroot_sandbox$farroot_secrets" ] || fail "secrets from nowhere"
farroot_secrets=$dir/etc/farroot/secrets
mkdir -p "$farroot_secrets"
echo 'X-Token: secret' >"$farroot_secrets/token"
chmod 644 "$farroot_secrets/token"
farroot_add_secrets
cmp "$farroot_secrets/token" "$farroot_sandbox$farroot_secrets/token" || fail "the engine does not get the token"
same "$(stat -c %a "$farroot_sandbox$farroot_secrets" "$farroot_sandbox$farroot_secrets/token" | tr '\n' ' ')" "700 600 " "the modes"

# What the console says while the boot waits: each change at once, the rest at growing intervals,
# and few lines even if the state changes all the time.
farroot_seconds() {
	echo "$clock"
}

# waits HOURS TEXT...: says one text after the other, every 5 s; $dir/said has the lines of the
# console, with the time in front.
waits() {
	hours=$1
	shift
	clock=1000
	end=$((clock + hours * 3600))
	farroot_begin_news
	while [ $clock -lt $end ]; do
		for text; do
			clock=$((clock + 5))
			farroot_say_news "$clock: $text"
		done
	done >"$dir/said"
}

# lines FROM TO: of the console between these seconds.
lines() {
	awk -F : -v from=$((1000 + $1)) -v to=$((1000 + $2)) '$1 >= from && $1 < to { n++ } END { print n + 0 }' "$dir/said"
}

waits 2 'opening: one, 17 %'
same "$(lines 0 60)" 3 "lines of a steady wait in the first minute"
[ "$(lines 60 3660)" -ge 6 ] || fail "only $(lines 60 3660) lines in an hour of a steady wait"
[ "$(lines 60 3660)" -le 10 ] || fail "$(lines 60 3660) lines in an hour of a steady wait"
waits 2 one two three
same "$(lines 0 60)" 6 "lines of a restless wait in the first minute"
from=60
while [ $from -lt 3600 ]; do
	[ "$(lines $from $((from + 3600)))" -le 10 ] || fail "$(lines $from $((from + 3600))) lines in an hour"
	from=$((from + 100))
done
# What changes after an hour is said at once.
clock=1000
farroot_begin_news
farroot_say_news one >/dev/null
clock=4600
farroot_say_news one >/dev/null
same "$(farroot_say_news two)" two "news"

# The state: how much is here, when all of it is, and what is wrong.
make_image image 8
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
cat >"$dir/status" <<EOF
#!/bin/sh
exec "$(realpath "$farroot")" "\$@" --socket="$dir/status.sock"
EOF
chmod +x "$dir/status"
farroot_program=$dir/status
state_is() {
	farroot_state | grep -qx "$1"
}
plugin_start url="$url1/image" roothash="$roothash" profile=none fill=yes rate=1M status="$dir/status.sock"
wait_until 10 "the state tells how much is here" state_is 'filling, [1-9][0-9]* %, ETA [1-9][0-9]* s'
origin_stop 1
wait_until 10 "the state tells of the outage" state_is "outage, [1-9][0-9]* %: $url1/image: .*connect.*"
plugin_stop

# systemd reads another command line, which is mounted once.
farroot_systemd=$dir/systemd
farroot_kernel_cmdline=$dir/cmdline
mkdir -p "$farroot_systemd"
echo 'console=ttyS0 boot=farroot' >"$dir/cmdline"
mount() {
	echo "mount $*"
}
same "$(farroot_pause_service_watchdogs)" "mount -o bind $farroot_systemd/farroot-cmdline $dir/cmdline" "the mount"
same "$(cat "$farroot_systemd/farroot-cmdline")" 'console=ttyS0 boot=farroot systemd.service_watchdogs=no' "what systemd reads"
# Its generator of verity devices is masked, unless the image has such devices.
generator=$farroot_systemd/system-generators/systemd-veritysetup-generator
rootmnt=$dir/root
mkdir -p "$rootmnt/etc"
farroot_keep_systemd_from_verity
same "$(readlink "$generator")" /dev/null "the generator"
rm "$generator"
: >"$rootmnt/etc/veritytab"
farroot_keep_systemd_from_verity
[ ! -L "$generator" ] || fail "the image's own verity devices are not made"
rm "$rootmnt/etc/veritytab"
echo 'usrhash=0' >>"$dir/cmdline"
farroot_keep_systemd_from_verity
[ ! -L "$generator" ] || fail "the verity device of /usr is not made"
farroot_kernel_cmdline=/proc
same "$(farroot_pause_service_watchdogs)" '' "the second time"
unset -f mount

# The watchdog is offered to systemd if there is one, and the root file system has no setting of
# its own; not longer than Linux before 6.8 takes it.
rootmnt=$dir/root
mkdir -p "$rootmnt/etc/systemd"
offer=$farroot_systemd/system.conf.d/00-farroot-watchdog.conf

# offers SECONDS-OF-THE-FEEDER: prints what systemd gets.
offers() {
	farroot_watchdog=$1
	rm -rf "$farroot_systemd"
	farroot_lift_systemd_limits
	farroot_offer_watchdog || fail "farroot_offer_watchdog: $?"
	sed -n 's/^RuntimeWatchdogSec=//p' "$offer" 2>/dev/null
}
farroot_watchdog_device=$dir/watchdog0
same "$(offers 60)" '' "without a watchdog"
: >"$farroot_watchdog_device"
same "$(offers 60)" 15 "with the default"
same "$(head -n 1 "$offer")" '[Manager]' "the section"
same "$(offers 10)" 10 "with a shorter time-out"
same "$(offers no)" '' "with farroot.watchdog=no"
echo '#RuntimeWatchdogSec=off' >"$rootmnt/etc/systemd/system.conf"
same "$(offers 60)" 15 "with Debian's system.conf"
echo 'RuntimeWatchdogSec=20' >>"$rootmnt/etc/systemd/system.conf"
same "$(offers 60)" '' "with a setting of the image"

# systemd of a disk gets the watchdog at once, if the disk's own configuration has it feed one.
farroot_feeder=$dir/feeder
printf '#!/bin/sh\necho "feeder $*"\n' >"$farroot_feeder"
chmod +x "$farroot_feeder"
mkdir -p "$rootmnt/sbin" "$rootmnt/etc/systemd/system.conf.d"
# leaves SECONDS-OF-THE-FEEDER
leaves() {
	farroot_watchdog=$1
	farroot_leave_watchdog || fail "farroot_leave_watchdog: $?"
}
ln -s ../lib/systemd/systemd "$rootmnt/sbin/init"
same "$(leaves 60)" 'feeder --release' "with a disk's RuntimeWatchdogSec="
same "$(leaves no)" '' "with farroot.watchdog=no, and a disk"
printf '[Manager]\nRuntimeWatchdogSec=0\n' >"$rootmnt/etc/systemd/system.conf.d/10.conf"
same "$(leaves 60)" '' "with a disk that wants no watchdog"
rm "$rootmnt/etc/systemd/system.conf.d/10.conf"
ln -sf sysvinit "$rootmnt/sbin/init"
same "$(leaves 60)" '' "with a disk without systemd"
ln -sf ../lib/systemd/systemd "$rootmnt/sbin/init"
rm "$rootmnt/etc/systemd/system.conf"
same "$(leaves 60)" '' "with a disk that has no setting"
# It is part of boot-local.
echo 'RuntimeWatchdogSec=20' >"$rootmnt/etc/systemd/system.conf"
mount() { :; }
mkdir "$dir/of-initramfs"
printf '#!/bin/sh\n' >"$dir/of-initramfs/run-init"
chmod +x "$dir/of-initramfs/run-init"
# shellcheck disable=SC2034 # for the script
farroot_url=local:/mnt/root
sed 's,rm -f /run/farroot,:,' "$srcdir/initramfs/scripts/farroot" | sed -n '/^farroot_use_local/,/^}/p' >"$dir/use-local"
# shellcheck source=/dev/null
. "$dir/use-local"
same "$(farroot_watchdog=60 && PATH=$dir/of-initramfs:$PATH && farroot_use_local)" 'feeder --release' "boot-local"
unset -f mount
