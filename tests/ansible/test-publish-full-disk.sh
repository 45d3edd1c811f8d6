#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A full disk of the server: the role publish says so before it copies; and if the disk fills
# while it copies, the old version stays, nothing is left, and the next run goes on.
[ -n "${UNSHARED-}" ] || exec env UNSHARED=1 unshare -m "$0" "$@" || exit 77
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/publish-lib.sh"
need_root
configure
mkdir "$www"
mount -t tmpfs -o size=400k tmpfs "$www" || skip "no tmpfs"
at_exit() {
	[ -z "${nginx-}" ] || end "$nginx"
	umount "$www"
}
make_build 1
play publish -- --tags publish_server
start_server
play publish
before=$(tree "$www")
make_build 2

refuses 'bytes free, and' publish -- -e publish_free_bytes=300000
same "$(tree "$www")" "$before" "the tree when the role says that the disk is full"

# Another program fills the disk after the check of the free space.
head -c 1000000 /dev/zero >"$www/other" 2>/dev/null
cat >"$dir/bin/df" <<'END'
#!/bin/sh
echo Avail
echo 1000000000
END
chmod +x "$dir/bin/df"
try_play publish
[ "$status" != 0 ] || fail "a full disk is no failure"
grep -q 'No space left' "$dir/play.out" || fail "the message does not say why: $(cat "$dir/play.out")"
same "$(get pi/root.img.profile)" "profile 1" "what the server shows"
same "$(find "$www" -name '.ansible*')" '' "temporary files"
rm "$www/other" "$dir/bin/df"
play publish
same "$(get pi/root.img.profile)" "profile 2" "what the server shows at the end"
