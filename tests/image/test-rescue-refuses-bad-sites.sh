#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image rescue refuses a site that it cannot build, before anything takes long, and
# says which file is wrong and what to do.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
need ssh-keygen dpkg-deb
site=$dir/site
out=$dir/result

bad() {
	text=$1
	expect 1 "$text" rescue "$site" -o "$out" --explain
	[ ! -e "$out" ] || fail "'$text', but $out was made"
	make_site
}

expect 0 'Usage: farroot-image rescue SITE' rescue --help
expect 2 'which site?' rescue
expect 2 'where to?' rescue "$site"
expect 2 '--no-such: no such option' rescue --no-such
expect 2 '-o needs a value' rescue "$site" -o
expect 2 'only one site' rescue "$site" "$site" -o "$out"
expect 1 'no such folder' rescue "$dir/none" -o "$out"

make_site && rm "$site/site.conf"
bad 'site.conf: missing'
echo 'archs=arm64' >>"$site/site.conf"
bad 'archs: no such key'
echo 'a.*=arm64' >>"$site/site.conf"
bad 'no such key'
echo 'serial=none' >>"$site/site.conf"
bad 'serial= is given twice'
printf 'arch=arm64\r\n' >"$site/site.conf"
bad 'Unix line ends'
sed -i /serial/d "$site/site.conf"
bad 'serial= is missing; choose one of: shell password none'
sed -i s/shell/yes/ "$site/site.conf"
bad 'serial=yes: must be one of'
echo 'arch=armhf' >"$site/site.conf"
bad 'must be one of: arm64 amd64'
echo 'kernel=linux-image-;reboot' >>"$site/site.conf"
bad 'not a package name'
echo 'kernel=4.9' >>"$site/site.conf"
bad 'must be debian, or a package'

PATH=$(cd "$top_builddir" && pwd):$PATH
echo 'tools=beside' >>"$site/site.conf"
bad 'only flavour=small can stream them'
printf '%s\n' flavour=small tools=yes >>"$site/site.conf"
bad 'tools=yes: must be beside, or the URL of the folder'
printf '%s\n' flavour=small tools=https:///tools >>"$site/site.conf"
bad 'must be beside, or the URL of the folder'
printf '%s\n' flavour=small 'tools=https://example.org/tools?key=1' >>"$site/site.conf"
bad 'must be the URL of a folder'
printf '%s\n' flavour=small 'tools=https://pi:secret@example.org/tools' >>"$site/site.conf"
bad 'a password in an image can be read by anyone'

echo 'untrusted comment: x' >"$site/config.pub"
bad 'config.pub: is no public key of signify'
printf 'untrusted comment: signify secret key\n%s\n' "$(head -c 104 /dev/urandom | base64 -w 0)" >"$site/config.pub"
bad 'config.pub: is no public key of signify'

mkdir -p "$site/rescue/package.d"
bad 'rescue/package.d: unknown'
mkdir -p "$site/common/packages.d" && echo 'htop --reinstall' >"$site/common/packages.d/more"
bad '"--reinstall" is not a package name'
mkdir -p "$site/rescue/modules.d" && echo '../../etc' >"$site/rescue/modules.d/more"
bad 'is not the name of a kernel module'
mkdir -p "$site/rescue/hooks" && echo '#!/bin/sh' >"$site/rescue/hooks/motd"
bad 'a hook is named NN-NAME'
mkdir -p "$site/rescue/hooks" && echo '#!/bin/sh' >"$site/rescue/hooks/50-motd"
bad 'not executable; chmod +x'
mkdir -p "$site/rescue/debs" && echo text >"$site/rescue/debs/a.deb"
bad 'not a Debian package'
mkdir -p "$site/rescue/files/etc" && mkfifo "$site/rescue/files/etc/pipe"
bad 'neither a file nor a folder'
mkdir -p "$site/rescue/files/etc" && touch "$site/rescue/files/etc/a
b"
bad 'line break'

# The folder for the result.
mkdir "$dir/full" && touch "$dir/full/precious"
expect 1 'has files of something else' rescue "$site" -o "$dir/full" --explain
[ -e "$dir/full/precious" ] || fail "a file of the user is gone"
expect 1 'does not exist' rescue "$site" -o "$dir/none/out" --explain
touch "$dir/file"
expect 1 'not a folder' rescue "$site" -o "$dir/file" --explain
expect 1 'no such folder' rescue "$site" -o "$out" --debs "$dir/none" --explain
expect 1 'has no .deb file' rescue "$site" -o "$out" --debs "$dir/full" --explain
FARROOT_IMAGE_CACHE=cache expect 1 'must be an absolute path' rescue "$site" -o "$out" --explain
mkdir -m 777 "$dir/shared"
FARROOT_IMAGE_CACHE=$dir/shared expect 1 'no other user may write' rescue "$site" -o "$out" --explain
SOURCE_DATE_EPOCH=today expect 1 'must be a number of seconds' rescue "$site" -o "$out" --explain
