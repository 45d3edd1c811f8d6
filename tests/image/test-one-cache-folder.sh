#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# All commands of farroot-image have the same cache folder: that of FARROOT_IMAGE_CACHE, or one
# below /var/cache for root and below the home folder for others.
. "${srcdir:-..}/tests/lib.sh"
same "$(cd "$srcdir" && grep -rl '/var/[a-z]*/farroot-image' image | sort | tr '\n' ' ')" \
	'image/farroot-image.pod image/lib/cache.sh image/lib/cmd-rescue.sh ' "the files that name a folder"
# shellcheck disable=SC2016 # for sh -c
folder='. "$1/image/lib/cache.sh" && cache_folder'
same "$(FARROOT_IMAGE_CACHE='/a b' sh -c "$folder" sh "$srcdir")" '/a b' FARROOT_IMAGE_CACHE
if [ "$(id -u)" = 0 ]; then
	same "$(env -u FARROOT_IMAGE_CACHE sh -c "$folder" sh "$srcdir")" /var/cache/farroot-image "the default of root"
	source=$(cd "$srcdir" && pwd)
	if setpriv --reuid 65534 --clear-groups test -r "$source/image/lib/cache.sh"; then
		same "$(cd / && env -u FARROOT_IMAGE_CACHE -u XDG_CACHE_HOME HOME=/home/me setpriv --reuid 65534 --clear-groups sh -c "$folder" sh "$source")" \
			/home/me/.cache/farroot-image "the default of a user"
	fi
fi
sh "$srcdir/image/farroot-image" rescue --help | grep -q 'default /var/cache/farroot-image:' || fail "--help has another folder"
