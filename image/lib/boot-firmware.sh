# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The firmware that the boot loader starts, start4.elf and what belongs to it: from a folder,
# or from Debian's package raspi-firmware (section non-free-firmware) of the site's suite.
# Raspberry Pi's own package of the same name has the same files: source=raspios takes it.
# shellcheck shell=dash

# site_conf is set by site.sh, boot_temp by boot-common.sh.
# shellcheck disable=SC2154

# firmware_find FOLDER: sets $firmware_dir.  An empty FOLDER: Debian's package.
firmware_find() {
	if [ -z "$1" ]; then
		firmware_download "$(site_get suite)"
		set -- "$firmware_root"
	fi
	[ -d "$1" ] || die "$1: no such folder; --firmware names the folder with start4.elf"
	for firmware_dir in "$1" "$1/usr/lib/raspi-firmware" "$1/boot/firmware" "$1/boot"; do
		[ ! -e "$firmware_dir/start4.elf" ] || return 0
	done
	die "$1: has no start4.elf, also not in usr/lib/raspi-firmware, boot/firmware or boot; unpack the package raspi-firmware there: dpkg-deb -x FILE.deb $1"
}

# firmware_download SUITE: sets $firmware_root and $firmware_version.  apt's own folders and
# lists are not used: a root of its own, whose index is checked by Debian's keys.
firmware_download() {
	for firmware_tool in apt-get dpkg-deb; do
		boot_need "$firmware_tool" "apt dpkg; or name a folder with start4.elf: --firmware FOLDER"
	done
	case $1 in
	'' | *[!a-z0-9.-]*) die "$site_conf: suite=$1: is no name of a Debian suite" ;;
	esac
	source_read
	firmware_keys=/usr/share/keyrings/debian-archive-keyring.gpg
	firmware_apt=$(cache_folder)/apt-$1
	if [ "$source" = raspios ]; then
		firmware_apt=$firmware_apt-$({ source_line '' '' && cat "$archive_keyring"; } | sha256sum | cut -c 1-8)
	else
		[ -r $firmware_keys ] ||
			die "$firmware_keys: missing, so no Debian package can be verified; install debian-archive-keyring, or use --firmware FOLDER"
	fi
	case $firmware_apt in
	/*) ;;
	# apt takes other names as names in its own folders.
	*) firmware_apt=$PWD/$firmware_apt ;;
	esac
	firmware_folder=$(dirname "$firmware_apt")
	mkdir -p "$firmware_folder" 2>/dev/null || die "$firmware_folder: cannot be made; name another folder: FARROOT_IMAGE_CACHE=FOLDER"
	# An index that another user could change is no better than none.
	[ -n "$(find "$firmware_folder" -maxdepth 0 -type d -uid "$(id -u)" ! -perm /022)" ] ||
		die "$firmware_folder: must be a folder of the user $(id -un) that no other user can write to; name another one: FARROOT_IMAGE_CACHE=FOLDER"
	mkdir -p "$firmware_apt/lists/partial" "$firmware_apt/archives/partial" "$firmware_apt/debs" ||
		die "$firmware_apt: cannot be made; name another folder: FARROOT_IMAGE_CACHE=FOLDER"
	# One build at a time; the lock ends with this program.
	exec 8>"$firmware_apt/lock"
	flock 8
	: >"$firmware_apt/status" || die "$firmware_apt: cannot be written; is the disk full?"
	if [ "$source" = raspios ]; then
		firmware_url=$archive_url
		source_line "$(source_keyring "$firmware_apt")" "$archive_components" >"$firmware_apt/sources.list"
	else
		firmware_mirror
		echo "deb [signed-by=$firmware_keys] $firmware_url $1 non-free-firmware" >"$firmware_apt/sources.list"
	fi
	firmware_stale=
	firmware_apt_get update || {
		sed 's/^/  /' "$firmware_apt/log" >&2
		source_explain "$firmware_apt/log"
		firmware_stale="$(tail -n 1 "$firmware_apt/log")"
	}
	firmware_deb "$1"
	firmware_version=$(dpkg-deb -f "$firmware_deb" Version)
	[ -z "$firmware_stale" ] ||
		say "note: no new index from $firmware_url ($firmware_stale); raspi-firmware $firmware_version is of the one before"
	firmware_root=$boot_temp/raspi-firmware
	dpkg-deb -x "$firmware_deb" "$firmware_root" || die "$firmware_deb: cannot be unpacked in $boot_temp; is the disk full?"
}

# firmware_deb SUITE: sets $firmware_deb, the package of the index, downloaded or still here
# with the hash that the index says.
firmware_deb() {
	firmware_apt_get --print-uris download raspi-firmware ||
		die "the index of $1 with raspi-firmware cannot be downloaded from $firmware_url: ${firmware_stale:-$(tail -n 1 "$firmware_apt/log")}; is the network up? --firmware FOLDER needs none"
	# 'URL' NAME SIZE SHA256:HEX
	firmware_line=$(grep "^'" "$firmware_apt/log" | head -n 1)
	firmware_deb=$firmware_apt/debs/$(echo "$firmware_line" | cut -d ' ' -f 2)
	firmware_hash=$(echo "$firmware_line" | sed -n 's/.* SHA256:\([0-9a-f]*\)$/\1/p')
	[ -n "$firmware_hash" ] || die "apt names no SHA-256 of raspi-firmware: $firmware_line"
	[ "$(sha256sum "$firmware_deb" 2>/dev/null | cut -d ' ' -f 1)" != "$firmware_hash" ] || return 0
	rm -f "$firmware_apt/debs"/raspi-firmware_*.deb
	(cd "$firmware_apt/debs" && firmware_apt_get download raspi-firmware) ||
		die "the package raspi-firmware of $1 cannot be downloaded: $(tail -n 1 "$firmware_apt/log"); --firmware FOLDER needs no network"
	[ "$(sha256sum "$firmware_deb" | cut -d ' ' -f 1)" = "$firmware_hash" ] ||
		die "$firmware_deb: is not the package that the index names; delete it and try again"
}

# The mirror of Debian's archive that this machine uses, as apt knows it.
firmware_mirror() {
	# shellcheck disable=SC2016 # a format of apt
	firmware_url=$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' 2>/dev/null |
		sed 's,/*$,,' | sort -u | head -n 1)
	[ -n "$firmware_url" ] ||
		die "apt knows no mirror of Debian on this machine (apt-get indextargets); run apt-get update, or use --firmware FOLDER"
}

firmware_apt_get() {
	apt-get -q -o Dir::State::lists="$firmware_apt/lists" -o Dir::State::status="$firmware_apt/status" \
		-o Dir::Cache="$firmware_apt" -o Dir::Cache::archives="$firmware_apt/archives" \
		-o Dir::Etc::sourcelist="$firmware_apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o APT::Update::Error-Mode=any -o APT::Sandbox::User=root -o Acquire::Languages=none \
		"$@" >"$firmware_apt/log" 2>&1 </dev/null
}

# firmware_wanted CONFIG: the names of the firmware files that config.txt names, or else
# those that the boot loader of a Pi 4 takes by itself.
firmware_wanted() {
	for firmware_name in start_file=start4.elf fixup_file=fixup4.dat; do
		firmware_value=$(sed -n "s/^${firmware_name%%=*}=//p" "$1" | tail -n 1)
		echo "${firmware_value:-${firmware_name#*=}}"
	done
}
