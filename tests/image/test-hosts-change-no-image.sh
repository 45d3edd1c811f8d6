#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# groups/ and hosts/ change nothing that all machines share, cost some KiB for each machine,
# and give the same bytes whenever and by whom they are put together.
. "${srcdir:-..}/tests/image/lib.sh"
need cpio
make_site
make_raspberrypi_kernel
export SOURCE_DATE_EPOCH=1700000000
boot
mv "$out" "$dir/without"

put() {
	mkdir -p "$(dirname "$site/$1")"
	cat >"$site/$1"
}
for host in 9ffefdef 10000000aabbccdd; do
	echo 'groups=lab' | put hosts/$host/host.conf
	echo "farroot.hostname=pi-$host" | put hosts/$host/device.conf
	echo "host=$host" | put hosts/$host/cmdline.d/10
	echo "dtparam=i2c_arm=on" | put hosts/$host/config.txt.d/10
	for file in c b a; do
		echo "$host $file" | put hosts/$host/files/etc/$file
	done
done
echo 'vm.swappiness=10' | put groups/lab/files/etc/sysctl.d/lab.conf
# shellcheck disable=SC2016 # for the hook
printf '#!/bin/sh\necho $SOURCE_DATE_EPOCH >etc/when\n' | put groups/lab/hooks/10-when
chmod 755 "$site/groups/lab/hooks/10-when"
boot
for folder in http card rpiboot; do
	diff -r "$dir/without/$folder" "$out/$folder" || fail "$folder is another one with hosts/"
done
for file in "$dir/without/tftp"/*; do
	diff -r "$file" "$out/tftp/${file##*/}" || fail "tftp/${file##*/} is another one with hosts/"
done
for host in 9ffefdef aabbccdd; do
	bytes=$(find "$out/tftp/$host" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }')
	{ [ "$bytes" -gt 1000 ] && [ "$bytes" -lt 8192 ]; } || fail "$host has $bytes bytes of its own"
	grep -q " $bytes  tftp/$host: cmdline.txt config.txt device.cpio\$" "$dir/boot.log" || fail "the table lacks $host: $(cat "$dir/boot.log")"
done

# Again: other times, another order of the folders' entries, another time zone and umask, and
# where the machine allows it another user.
sleep 1.1
cp -R "$site" "$dir/copy"
rm -r "$site"
mkdir "$site"
(cd "$dir/copy" && find . -type f | sort -r) | while read -r file; do
	mkdir -p "$(dirname "$site/$file")"
	cp -p "$dir/copy/$file" "$site/$file"
	touch "$site/$file"
done
mv "$out" "$dir/first"
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --regid 65534 --clear-groups unshare --map-root-user --mount true 2>/dev/null; then
	mkdir "$dir/out"
	chown 65534:65534 "$dir/out" "$dir/owner.key"
	(umask 077 && TZ=Asia/Tokyo TMPDIR=$dir/out setpriv --reuid 65534 --regid 65534 --clear-groups \
		sh "$image" boot "$site" --from "$from" --firmware "$firmware" -o "$dir/out/x" --key "$dir/owner.key") >"$dir/boot.log" 2>&1 ||
		fail "another user cannot make it"
	mv "$dir/out/x" "$out"
else
	(umask 077 && TZ=Asia/Tokyo boot) || exit 1
fi
diff -r "$dir/first" "$out" || fail "the two outputs differ"
same "$(find "$out" -type f ! -perm 644)" '' "files that other users cannot read"
same "$(find "$out" -type d ! -perm 755)" '' "folders that other users cannot read"
# diff follows links.
same "$(cd "$out" && find . -type l -printf '%p %l\n' | sort)" "$(cd "$dir/first" && find . -type l -printf '%p %l\n' | sort)" "the links"
nothing_left

# boot.img for a group has the group's arguments and lines, and none of a host.
echo 'quiet' | put groups/lab/cmdline.d/20
echo 'dtparam=spi=on' | put groups/lab/config.txt.d/20
boot --group lab
grep -q ' quiet$' "$out/card/cmdline.txt" || fail "no argument of the group: $(cat "$out/card/cmdline.txt")"
grep -q '^dtparam=spi=on$' "$out/card/config.txt" || fail "no line of the group"
! grep -q 'host=' "$out/card/cmdline.txt" || fail "an argument of a host"
refused "--group attic: no such group" boot_to "$dir/no" --group attic
