#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image hosts makes only the folders of machines that changed; --explain says which
# these are and why, and makes nothing.
. "${srcdir:-..}/tests/image/lib.sh"
need cpio
make_site
make_raspberrypi_kernel
put() {
	mkdir -p "$(dirname "$site/$1")"
	cat >"$site/$1"
}
for host in 00000001 00000002 00000003; do
	echo "farroot.hostname=pi-$host" | put hosts/$host/device.conf
done
echo 'groups=lab' | put hosts/00000001/host.conf
echo 'groups=lab' | put hosts/00000002/host.conf
echo 'panic=300' | put groups/lab/device.conf
boot_unsigned() {
	boot_to "$out" >"$dir/boot.log" 2>&1 || fail "farroot-image boot failed"
}
boot_unsigned

hosts() {
	farroot_image hosts "$site" -o "$out" "$@" >"$dir/hosts.out" 2>"$dir/hosts.log" || fail "farroot-image hosts $*"
}

# inodes: what is there, and since when.
inodes() {
	(cd "$out" && find . ! -type d -printf '%i.%T@ %p\n' | sort -k 2)
}

# shared: the same without the folders of single machines and the list.
shared() {
	grep -v -e ' \./tftp/0' -e ' \./tftp/dc-' -e ' \./hosts$' "$1"
}

# changed WHAT REASON MADE: --explain says REASON and changes nothing; then the folders of
# MADE alone are made, and those are what farroot-image boot would make.
changed() {
	inodes >"$dir/before"
	hosts --explain
	same "$(cat "$dir/hosts.out")" "$2" "--explain of $1"
	inodes | diff "$dir/before" - || fail "--explain of $1 changed the output"
	hosts
	same "$(sed -n 's,^ *[0-9]*  tftp/\([0-9a-z-]*\):.*,\1,p' "$dir/hosts.out" | tr '\n' ' ')" "$3" "what was made of $1"
	inodes >"$dir/after"
	shared "$dir/before" >"$dir/shared"
	shared "$dir/after" | diff "$dir/shared" - || fail "$1: a file of all machines changed"
	for host in "$out/tftp"/0* "$out/tftp"/dc-*; do
		[ -e "$host" ] || continue
		case " $3" in
		*" ${host##*/} "*) ;;
		*)
			grep -F " ./tftp/${host##*/}/" "$dir/after" >"$dir/now" || fail "$host is empty"
			grep -F " ./tftp/${host##*/}/" "$dir/before" | diff - "$dir/now" || fail "$1: $host changed, too"
			;;
		esac
	done
	nothing_left
}
nothing="$out: nothing has changed; nothing would be made again"

# Another time, and what is only for the EEPROM.
touch "$site/hosts/00000001/device.conf"
echo BOOT_UART=0 | put hosts/00000001/eeprom.d/10
changed nothing "$nothing" ''
echo 'farroot.ntp=192.0.2.1' | put hosts/00000003/device.conf
changed "a host" "host 00000003 hosts/00000003/device.conf: has changed" '00000003 '
grep -aq farroot.ntp "$out/tftp/00000003/device.cpio" || fail "the new value is not there"
echo 'panic=400' | put groups/lab/device.conf
echo 'of one' | put hosts/00000001/files/etc/motd
changed "a group and a file" "host 00000001 groups/lab/device.conf: has changed
host 00000001 hosts/00000001/files/etc/: is new
host 00000001 hosts/00000001/files/etc/motd: is new
host 00000002 groups/lab/device.conf: has changed" '00000001 00000002 '
chmod 600 "$site/hosts/00000001/files/etc/motd"
echo 'prefix=DC:A6:32:01:02:0A' >>"$site/hosts/00000002/host.conf"
mkdir "$site/hosts/00000004"
rm -r "$site/hosts/00000003" "$out/tftp/00000001"
mkdir "$out/tftp/00000001"
changed "four" "host 00000001 hosts/00000001/files/etc/motd: has changed
host 00000002 folder: has changed
host 00000002 hosts/00000002/host.conf: has changed
host 00000003: is gone
host 00000004: is new" '00000001 dc-a6-32-01-02-0a 00000004 '
[ ! -e "$out/tftp/00000003" ] || fail "the folder of a machine that is gone is there"
{ [ -e "$out/tftp/dc-a6-32-01-02-0a/device.cpio" ] && [ ! -e "$out/tftp/00000002" ]; } || fail "the folder has the old name"
rm -r "$out/tftp/00000001"
changed "a folder that was deleted" "host 00000001: the folder tftp/00000001 is missing" '00000001 '

# All of it is what farroot-image boot makes.
mv "$out" "$dir/renewed"
boot_unsigned
diff -r "$dir/renewed/tftp" "$out/tftp" || fail "farroot-image boot makes other folders"
diff "$dir/renewed/hosts" "$out/hosts" || fail "farroot-image boot makes another list"
hosts
same "$(cat "$dir/hosts.out")" "$nothing" "the run after farroot-image boot"

# Other files of all machines: after farroot-image boot each machine has them.
echo quiet | put common/cmdline.d/20
echo kiosk | put hosts/00000004/cmdline.d/20
boot_unsigned
same "$(cat "$out/tftp/00000004/cmdline.txt")" "$(cat "$out/card/cmdline.txt") kiosk" "cmdline.txt of all machines and one"

# A run that fails, or that is ended, changes nothing that the next one would not notice.
inodes >"$dir/before"
printf '#!/bin/sh\nexit 3\n' | put groups/lab/hooks/10-fails
chmod 755 "$site/groups/lab/hooks/10-fails"
echo more | put hosts/00000004/files/more
refused "the hook failed with status 3 for 00000001" farroot_image hosts "$site" -o "$out"
inodes | diff "$dir/before" - || fail "a run that fails changed the output"
rm -r "$site/groups/lab/hooks"
sed -i '/^host 00000004	folder/!{/^host 00000004	/d;}' "$out/hosts"
hosts
[ -e "$out/tftp/00000004/device.cpio" ] || fail "an incomplete list is taken for a complete one"

# usage_error TEXT ARGUMENT...
usage_error() {
	text=$1
	shift
	status=0
	farroot_image hosts "$@" >"$dir/usage.log" 2>&1 || status=$?
	same "$status" 2 "status of farroot-image hosts $*"
	grep -qF -e "$text" "$dir/usage.log" || fail "'$text' is not in: $(cat "$dir/usage.log")"
}
usage_error "SITE is missing"
usage_error "-o OUT is missing" "$site"
usage_error "one SITE is enough" "$site" x
usage_error "--no: no such option" --no
refused "is no output of farroot-image boot" farroot_image hosts "$site" -o "$from"
nothing_left
