# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A site: the folder that says what to build.  site.conf has lines KEY=VALUE; the folders
# common, rootfs, rescue, boot, groups/NAME and hosts/SERIAL all have the same shape:
#   packages.d/ debs/ files/ modules.d/ cmdline.d/ config.txt.d/ hooks/NN-name
# Nothing here runs a site's files; site.conf is read line by line and never sourced.
# shellcheck shell=dash

# Every key of site.conf, with its default.
site_defaults='
arch=arm64
suite=trixie
kernel=debian
flavour=full
serial=
'

# site_open SITE: checks the folder and its site.conf, and sets site_dir.
site_open() {
	[ -d "$1" ] || die "$1: no such folder; a site is a folder with a site.conf"
	site_dir=$(cd "$1" && pwd)
	site_conf=$site_dir/site.conf
	[ -f "$site_conf" ] || die "$site_conf: missing; it says which system to build (farroot-image(1) has an example)"
	site_line=0
	while IFS= read -r site_text || [ -n "$site_text" ]; do
		site_line=$((site_line + 1))
		case "$site_text" in
		'' | '#'*) continue ;;
		[a-z]*=*) ;;
		*) die "$site_conf:$site_line: \"$site_text\" is not KEY=VALUE" ;;
		esac
		echo "$site_defaults" | grep -q "^${site_text%%=*}=" ||
			die "$site_conf:$site_line: ${site_text%%=*}: no such key; the keys are:$(echo "$site_defaults" | sed -n 's/^\([a-z-]*\)=.*/ \1/p' | tr -d '\n')"
	done <"$site_conf"
}

# site_get KEY: the value in site.conf, or the default.
site_get() {
	site_value=$(sed -n "s/^$1=//p" "$site_conf" | tail -n 1)
	[ -n "$site_value" ] || site_value=$(echo "$site_defaults" | sed -n "s/^$1=//p")
	printf '%s\n' "$site_value"
}

# site_get_one_of KEY VALUE...: the value, which must be one of them.
site_get_one_of() {
	site_key=$1
	shift
	site_value=$(site_get "$site_key")
	for site_word in "$@"; do
		[ "$site_value" != "$site_word" ] || {
			echo "$site_value"
			return
		}
	done
	[ -n "$site_value" ] || die "$site_conf: $site_key= is missing; choose one of: $*"
	die "$site_conf: $site_key=$site_value: must be one of: $*"
}

# site_parts PART SUBPATH: the existing files and folders common/SUBPATH and PART/SUBPATH,
# in this order, one a line.  groups/ and hosts/ are not among them: what is there
# never goes into an image that all machines share.
site_parts() {
	for site_part in common "$1"; do
		[ ! -e "$site_dir/$site_part/$2" ] || echo "$site_dir/$site_part/$2"
	done
}

# site_list PART NAME.d: the words of all files in the folders NAME.d, without comments.
site_list() {
	site_parts "$1" "$2" | while IFS= read -r site_folder; do
		for site_file in "$site_folder"/*; do
			[ ! -f "$site_file" ] || sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$site_file"
		done
	done
}
