#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A second archive of packages, as Raspberry Pi's is for source=raspios: packages and firmware
# come from there, verified by its keyring; with another keyring nothing does.  Both archives
# are folders that this test makes and signs.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
need gpg gpgv apt-get dpkg-deb dpkg-scanpackages ssh-keygen
make_site
site=$dir/site

# make_deb FOLDER NAME VERSION [FIELD]: a package, with one file more in $dir/payload.
make_deb() {
	mkdir -p "$1" "$dir/deb/DEBIAN"
	{
		printf '%s\n' "Package: $2" "Version: $3" 'Architecture: all' 'Maintainer: test <test@example.org>'
		[ -z "${4-}" ] || echo "$4"
		echo 'Description: a package of a test'
	} >"$dir/deb/DEBIAN/control"
	[ ! -d "$dir/payload" ] || cp -R "$dir/payload/." "$dir/deb/"
	dpkg-deb -b "$dir/deb" "$1" >"$dir/deb.log" 2>&1 || fail "dpkg-deb: $(cat "$dir/deb.log")"
	rm -r "$dir/deb"
}

# new_key NAME: a key of an archive; its public part is $dir/NAME.asc.
new_key() {
	GNUPGHOME=$dir/gnupg gpg --batch --quiet --passphrase '' --quick-generate-key "$1@example.org" ed25519 sign 2>"$dir/gpg.log" ||
		fail "gpg makes no key: $(cat "$dir/gpg.log")"
	GNUPGHOME=$dir/gnupg gpg --batch --quiet --armor --export "$1@example.org" >"$dir/$1.asc"
}

# sign_archive FOLDER KEY: the index of its packages, and InRelease.
sign_archive() {
	mkdir -p "$1/dists/trixie/main/binary-arm64"
	(cd "$1" && dpkg-scanpackages --multiversion pool >dists/trixie/main/binary-arm64/Packages) 2>"$dir/scan.log" ||
		fail "dpkg-scanpackages: $(cat "$dir/scan.log")"
	(
		cd "$1/dists/trixie" || exit
		printf '%s\n' 'Origin: Test' 'Suite: trixie' 'Codename: trixie' "Date: $(LC_ALL=C date -Ru)" 'Architectures: arm64' 'Components: main' 'SHA256:'
		sha256sum main/binary-arm64/Packages |
			sed "s,  , $(stat -c %s main/binary-arm64/Packages) ,; s,^, ,"
	) >"$dir/Release"
	GNUPGHOME=$dir/gnupg gpg --batch --quiet --yes -u "$2@example.org" --clearsign -o "$1/dists/trixie/InRelease" "$dir/Release" ||
		fail "gpg cannot sign"
}

mkdir -m 700 "$dir/gnupg"
new_key debian
new_key vendor
new_key stranger
make_deb "$dir/debian/pool" base 1 'Essential: yes'
make_deb "$dir/debian/pool" tool 1.0
make_deb "$dir/vendor/pool" tool 1.0+rpt1
make_deb "$dir/vendor/pool" linux-image-rpi-v8 6.12
mkdir -p "$dir/payload/usr/lib/raspi-firmware"
printf '\177ELF of the vendor' >"$dir/payload/usr/lib/raspi-firmware/start4.elf"
echo fixup >"$dir/payload/usr/lib/raspi-firmware/fixup4.dat"
make_deb "$dir/vendor/pool" raspi-firmware 1:1.2026
sign_archive "$dir/debian" debian
sign_archive "$dir/vendor" vendor

cat >"$site/site.conf" <<END
arch=arm64
suite=trixie
serial=shell
source=raspios
archive=file:$dir/vendor
archive-keyring=vendor.asc
END
cp "$dir/vendor.asc" "$site/"

# plan: which packages apt chooses for $site, in $dir/plan; and downloads them.
# shellcheck disable=SC2034,SC2154,SC2317 # for the parts of the builder
plan() {
	(
		load_parts cmd-rescue boot-firmware boot-common
		build_part=rescue debs='' build_groups='' build_host=''
		build_read_site
		echo "$kernel" >"$dir/kernel"
		cache=$dir/cache
		mkdir -p "$cache"
		# For Debian's own keyring.
		plan_sources_of() {
			echo "deb [signed-by=$dir/debian.asc] copy:$dir/debian trixie main"
		}
		plan_open "file:$dir/debian" "file:$dir/debian"
		plan_solve "$dir/plan" tool "$kernel"
		plan_download "$dir/plan"
		ls "$plan_dir/archives" >"$dir/downloaded"
		boot_temp=$dir/boot
		mkdir -p "$boot_temp"
		firmware_find ''
		cp "$firmware_dir/start4.elf" "$dir/start4.elf"
		source_inputs >"$dir/inputs"
	) 2>"$dir/plan.log"
}
plan || fail "no plan: $(cat "$dir/plan.log")"
same "$(cat "$dir/kernel")" linux-image-rpi-v8 "the kernel of source=raspios"
same "$(cat "$dir/plan")" "base 1 debian
linux-image-rpi-v8 6.12 debian
tool 1.0+rpt1 debian" "the packages"
grep -qx 'tool_1.0+rpt1_all.deb' "$dir/downloaded" || fail "downloaded: $(cat "$dir/downloaded")"
cmp "$dir/start4.elf" "$dir/payload/usr/lib/raspi-firmware/start4.elf" || fail "another firmware"
grep -q "^site	archive-keyring	" "$dir/inputs" || fail "the keyring is no input"

# wrong TEXT: it ends so.
wrong() {
	! plan || fail "no error: $1"
	tail -n 1 "$dir/plan.log" | grep -qF -e "$1" || fail "'$1' is not in: $(cat "$dir/plan.log")"
}
# The keys of another owner: also when the lists of an earlier day are there.
cp "$dir/stranger.asc" "$site/vendor.asc"
wrong "for file:$dir/vendor that is archive-keyring= of $site/site.conf, $site/vendor.asc"
cp "$dir/vendor.asc" "$site/vendor.asc"
plan || fail "no plan with the right keyring again: $(cat "$dir/plan.log")"
# An index with the signature of another key.
sign_archive "$dir/vendor" stranger
wrong "the signature of an archive cannot be verified"
sign_archive "$dir/vendor" vendor
# A package that was changed.
printf x >>"$dir/vendor/pool/tool_1.0+rpt1_all.deb"
rm -rf "$dir/cache"
wrong "cannot download the packages"

# site.conf.
conf() {
	sed -i "/^$1/d" "$site/site.conf"
	[ -z "${2-}" ] || echo "$2" >>"$site/site.conf"
	wrong "$3"
}
conf archive-keyring= archive-keyring=absent.gpg 'absent.gpg: no such file'
conf archive-keyring= '' 'needs archive-keyring=FILE'
conf archive= archive=https://user:word@example.org/ 'a URL with a password'
conf archive= archive=ftp://example.org/ 'must begin with http://'
conf archive= 'archive=http://example.org/ x;y' 'not the URL of an archive'
conf archive= '' 'give the URL of Raspberry Pi'
conf source= archive-keyring=vendor.asc 'have no effect without archive=URL'
cp "$dir/key" "$site/vendor.asc"
echo "archive=file:$dir/vendor" >>"$site/site.conf"
conf source= source=debian 'has a private key'
conf arch= 'arch=amd64' 'has a private key'
cp "$dir/vendor.asc" "$site/vendor.asc"
conf source= source=raspios 'arch=arm64 is needed'
