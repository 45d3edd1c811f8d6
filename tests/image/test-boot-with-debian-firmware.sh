#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Without --firmware, Debian's package raspi-firmware of the site's suite is downloaded,
# verified and used; the second time without a network; a package that was changed is not.
. "${srcdir:-..}/tests/image/lib.sh"
need apt-get dpkg-deb
[ -r /usr/share/keyrings/debian-archive-keyring.gpg ] || skip "debian-archive-keyring is not installed"
make_site

debian_boot() {
	farroot_image boot "$site" --from "$from" -o "$out" --key "$dir/owner.key" >"$dir/boot.log" 2>&1
}

for suite in bookworm trixie; do
	echo "suite=$suite" >"$site/site.conf"
	debian_boot || {
		grep -q 'cannot be downloaded' "$dir/boot.log" && skip "no mirror of Debian: $(tail -n 1 "$dir/boot.log")"
		fail "no boot files with the firmware of $suite"
	}
	size=$(stat -c %s "$out/card/start4.elf")
	[ "$size" -gt 2000000 ] || fail "start4.elf of $suite has only $size bytes"
	[ "$(head -c 4 "$out/card/start4.elf" | xxd -p)" = 7f454c46 ] || fail "start4.elf of $suite is no ELF file"
	farroot_image verify "$out/http" --public-key "$dir/owner.pem" || fail "verify refuses it"
done
! cmp -s "$dir/cache/apt-bookworm/debs"/*.deb "$dir/cache/apt-trixie/debs"/*.deb || fail "both suites have the same package"

# Again, when no mirror answers.
mv "$out" "$dir/online"
cat >"$dir/apt.conf" <<'END'
Acquire::http::Proxy "http://127.0.0.1:9";
Acquire::https::Proxy "http://127.0.0.1:9";
Acquire::Retries "0";
END
export APT_CONFIG="$dir/apt.conf"
debian_boot || fail "the package is not used again without a network"
grep -q 'note: no new index' "$dir/boot.log" || fail "no word about the old index"
diff -r "$dir/online" "$out" || fail "another result without a network"

deb=$(echo "$dir/cache/apt-trixie/debs"/*.deb)
printf x >>"$deb"
! debian_boot || fail "a package that was changed is used"
grep -q 'cannot be downloaded' "$dir/boot.log" || fail "another message"
chmod 777 "$dir/cache"
! debian_boot || fail "a folder that others can write to is used"
grep -q 'no other user can write' "$dir/boot.log" || fail "another message"
rm -r "$dir/cache"
! debian_boot || fail "it works without a network and without a package"
tail -n 1 "$dir/boot.log" | grep -q 'firmware FOLDER' || fail "the message does not say what to do"
