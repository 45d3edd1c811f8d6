#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The tools image of a small flavour has what the full one has and the small one has not, in the order of the sets; the
# small tree gets its root hash, the places of what each program needs, and a stub for each program that it lacks. Without
# tools= nothing of it is made.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
need mksquashfs unsquashfs readelf ldd
PATH=$(cd "$top_builddir" && pwd):$PATH
load_parts site libraries squashfs initramfs inputs debian-modules debian-root rescue-tools
# The builder's own.
# shellcheck disable=SC2034
tools_root='' SOURCE_DATE_EPOCH=1700000000
version=6.0-test
result=$dir/result
small=$dir/small
full=$work/tools/root
mkdir -p "$result" "$work/tools/dpkg-info"
program=$(command -v e2fsck) || skip "no e2fsck"

# put TREE FILE PATH
put() {
	mkdir -p "$1/${3%/*}"
	cp -L "$2" "$1/$3"
}
for tree in "$small" "$full"; do
	mkdir -p "$tree/usr/bin" "$tree/usr/sbin" "$tree/etc/farroot"
	ln -s usr/bin "$tree/bin"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$tree/etc/passwd"
done
echo 'only of small' >"$small/etc/farroot/rescue.conf"
printf '/bin/sh\n' >"$small/etc/shells"
ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' >"$dir/libraries"
while IFS= read -r library; do
	case $library in
	*libext2fs*) put "$full" "$library" "usr/lib/parts/libext2fs.so.2.4" && ln -s libext2fs.so.2.4 "$full/usr/lib/parts/libext2fs.so.2" ;;
	*)
		put "$full" "$library" "usr/lib/parts/${library##*/}"
		put "$small" "$library" "usr/lib/parts/${library##*/}"
		;;
	esac
done <"$dir/libraries"
[ -e "$full/usr/lib/parts/libext2fs.so.2" ] || skip "e2fsck links to no libext2fs"
put "$full" "$program" usr/sbin/e2fsck
ln -s e2fsck "$full/usr/sbin/fsck.ext4"
put "$full" "$program" usr/share/e2fsprogs/data
put "$full" /bin/sh usr/bin/bash
printf '#!/bin/bash\n' >"$full/usr/bin/aaa-script"
printf 'tar of GNU' >"$full/usr/bin/tar"
printf 'login' >"$full/usr/bin/login"
chmod 755 "$full/usr/bin"/*
ln -s /etc/nowhere "$full/usr/bin/broken"
printf 'both' | tee "$full/usr/bin/both" >"$small/usr/bin/both"
put "$small" /bin/sh usr/bin/busybox
ln -s busybox "$small/usr/bin/tar"
echo 'setting' >"$full/etc/mke2fs.conf"
mkdir -p "$full/usr/lib/modules/$version/kernel" "$small/usr/lib/modules/$version/kernel" "$full/etc/pam.d" "$full/var/lib"
echo 'xfs' >"$full/usr/lib/modules/$version/kernel/xfs.ko"
echo 'crc' | tee "$full/usr/lib/modules/$version/kernel/crc.ko" >"$small/usr/lib/modules/$version/kernel/crc.ko"
printf '+xfs\tusr/lib/modules/%s/kernel/crc.ko usr/lib/modules/%s/kernel/xfs.ko\n' $version $version >"$work/tools/modules"
echo login >"$full/etc/pam.d/login"
printf '%s\n' /. /usr/sbin/e2fsck /usr/sbin/fsck.ext4 /usr/share/e2fsprogs/data >"$work/tools/dpkg-info/e2fsprogs.list"
tools=https://example.org/tools

# Another library of the same name.
mv "$small/usr/lib/parts/libc.so.6" "$dir/libc"
echo other >"$small/usr/lib/parts/libc.so.6"
cp -a "$full" "$dir/full"
(tools_thin "$small" "$dir/full") 2>"$dir/err" && fail "another C library is accepted"
grep -q 'usr/lib/parts/libc.so.6: is another one in the full flavour' "$dir/err" || fail "$(cat "$dir/err")"
mv "$dir/libc" "$small/usr/lib/parts/libc.so.6"

# shellcheck disable=SC2034 # the builder's
tools_root=$full
tools_thin "$small" "$full"
tools_find_needs "$full" "$small" >"$work/tools/needs"
need_of() {
	sed -n "s/^$1	//p" "$work/tools/needs"
}
same "$(need_of fsck.ext4)" "usr/sbin	usr/sbin/e2fsck usr/lib/parts/libext2fs.so.2.4 usr/share/e2fsprogs/data" "what fsck.ext4 needs"
same "$(need_of aaa-script)" "usr/bin	usr/bin/aaa-script usr/bin/bash" "what a script needs"
same "$(need_of +xfs)" "usr/lib/modules/$version/kernel/xfs.ko	usr/lib/modules/$version/kernel/xfs.ko" "what a module needs"
same "$(need_of both)$(need_of broken)" '' "what the small flavour has, and what leads nowhere"
tools_in_order "$srcdir/image/rescue/tool-sets" "$work/tools/needs" >"$work/tools/ordered"
same "$(cut -f 1 "$work/tools/ordered" | head -n 3 | tr '\n' ' ')" 'fsck.ext4 e2fsck +xfs ' "the order"
tools_pack "$full"
tools_install "$small"
img=$result/$(cat "$result/tools-image")
same "$(sed -n 's/^url=//p' "$small/etc/farroot/tools.conf")" "$tools" "the URL"
hash=$(sed -n 's/^roothash=//p' "$small/etc/farroot/tools.conf")
same "${img##*/}" "tools-$(echo "$hash" | cut -c 1-16).img" "the name"
farroot verify "$img" "$hash" >"$dir/out" 2>&1 || fail "farroot verify: $(cat "$dir/out")"
unsquashfs -l "$img" | sed -n 's,^squashfs-root/,,p' | sort >"$dir/files"
for path in usr/sbin/e2fsck usr/bin/tar etc/mke2fs.conf usr/lib/modules/$version/kernel/xfs.ko; do
	grep -qx "$path" "$dir/files" || fail "$path is not in the image"
done
! grep -e libc.so -e etc/farroot -e pam.d -e usr/bin/both -e etc/passwd -e crc.ko -e '^var' "$dir/files" >"$dir/out" || fail "too much in the image: $(cat "$dir/out")"
list=$small/etc/farroot/tools.list
grep -qx '=fsck fsck.ext4 e2fsck' "$list" || fail "the set fsck: $(cat "$list")"
grep -qE '^@etc etc [0-9]+[+][0-9]+$' "$list" || fail "no @etc: $(cat "$list")"
tables=$(sed -n 's/^@tables tables //p' "$list")
begin=$(od -An -tu8 -j 64 -N 8 "$img" | tr -d ' ')
{ [ "${tables%+*}" -le "$begin" ] && [ $((${tables%+*} + 4096)) -gt "$begin" ] && [ $((${tables%+*} + ${tables#*+})) -lt "$(stat -c %s "$img")" ]; } ||
	fail "@tables $tables, and they begin at $begin"
# What it fetches is about what it has.
sum=$(sed -n 's/^fsck.ext4 usr.sbin //p' "$list" | tr ' ' '\n' | awk -F + '{ n += $2 } END { print n }')
compressed=$(tar -C "$full" -c usr/sbin/e2fsck usr/lib/parts/libext2fs.so.2.4 | xz -c | wc -c)
{ [ "$sum" -gt $((compressed / 2)) ] && [ "$sum" -lt $((compressed * 2)) ]; } || fail "fsck.ext4 has $sum bytes in the image, and by xz $compressed"
stubs=$small/usr/libexec/farroot/streamed
same "$(readlink "$stubs/sbin/fsck.ext4"):$(readlink "$stubs/bin/aaa-script")" \
	/usr/libexec/farroot/rescue/tools-run:/usr/libexec/farroot/rescue/tools-run "the stubs"
[ ! -L "$stubs/bin/tar" ] || fail "a stub where busybox has a command"
[ -L "$small/usr/sbin/mount.xfs" ] || fail "no mount.xfs"
same "$(cat "$small/etc/passwd")" root:x:0:0:root:/root:/usr/libexec/farroot/rescue/tools-shell "the shell of root"
mkdir -p "$dir/initramfs/etc/farroot"
printf '%s\n' lib usr/bin/nbdkit etc/passwd >"$dir/initramfs/etc/farroot/sandbox.list"
echo usr/lib/shared >"$small/etc/farroot/initramfs-files"
tools_keep_server "$small" "$dir/initramfs"
same "$(tr '\n' ' ' <"$small/etc/farroot/initramfs-files")" 'etc/farroot/sandbox.list lib usr/bin/nbdkit usr/lib/shared ' "the files from the initramfs"

# Off.
tools=
cp "$small/etc/farroot/initramfs-files" "$dir/before"
{ tools_make "$small" && tools_plan && tools_keep_server "$small" "$dir/initramfs"; } || fail "without tools="
cmp -s "$dir/before" "$small/etc/farroot/initramfs-files" || fail "without tools=, nbdkit is taken"
same "$(tools_inputs)" '' "the inputs without tools="
