# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A site: the folder that says what to build.  site.conf has lines KEY=VALUE; the folders
# common, rootfs, rescue and boot have the folders of site_may_have, of one shape:
#   packages.d/ debs/ files/ modules.d/ cmdline.d/ config.txt.d/ eeprom.d/ hooks/NN-name
# groups/NAME and hosts/SERIAL have the same, and more; see hosts.sh.
# Nothing here runs a site's files; site.conf is read line by line and never sourced.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# The groups and the host for which an image is built, words groups/NAME and hosts/FOLDER in the
# order in which they count, the names of these groups, and the serial number; set by hosts_use.
site_extra='' site_groups='' site_host=''

# Every key of site.conf, with its default.
site_defaults='
arch=arm64
suite=trixie
source=debian
archive=
archive-suite=
archive-components=main
archive-keyring=
kernel=
flavour=full
init=systemd
serial=
tools=
'

# site_open SITE: checks the folder and its site.conf, and sets site_dir.
site_open() {
	[ -d "$1" ] || die "$1: no such folder; a site is a folder with a site.conf"
	site_dir=$(cd "$1" && pwd)
	site_conf=$site_dir/site.conf
	[ -f "$site_conf" ] || die "$site_conf: missing; it says which system to build (farroot-image(1) has an example)"
	! grep -q "$(printf '\r')" "$site_conf" ||
		die "$site_conf: lines end with CR LF; save it with Unix line ends"
	site_line=0
	site_seen=' '
	while IFS= read -r site_text || [ -n "$site_text" ]; do
		site_line=$((site_line + 1))
		case "$site_text" in
		'' | '#'*) continue ;;
		[a-z]*=*) ;;
		*) die "$site_conf:$site_line: \"$site_text\" is not KEY=VALUE" ;;
		esac
		site_key=${site_text%%=*}
		case "$site_key" in
		*[!a-z-]*) ;;
		*) ! echo "$site_defaults" | grep -q "^$site_key=" || {
			case "$site_seen" in
			*" $site_key "*) die "$site_conf:$site_line: $site_key= is given twice" ;;
			esac
			site_seen="$site_seen$site_key "
			continue
		} ;;
		esac
		die "$site_conf:$site_line: $site_key: no such key; the keys are:$(echo "$site_defaults" | sed -n 's/^\([a-z-]*\)=.*/ \1/p' | tr -d '\n')"
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

# site_parts PART SUBPATH: the existing files and folders common/SUBPATH, PART/SUBPATH and those
# of $site_extra, in this order, one a line.  Other groups and hosts are not among them: what is
# there never goes into an image that all machines share.
site_parts() {
	for site_part in common "$1" $site_extra; do
		[ ! -e "$site_dir/$site_part/$2" ] || echo "$site_dir/$site_part/$2"
	done
}

# site_adds PART: the site makes the system of this part larger, or may do so.
site_adds() {
	for site_folder in packages.d debs files modules.d hooks; do
		[ -z "$(site_parts "$1" "$site_folder")" ] || return 0
	done
	return 1
}

# site_words FILE...: the words in lists, one a line, without comments.
site_words() {
	cat "$@" | sed 's/#.*//' | tr -s '[:space:]' '\n' | sed '/^$/d'
}

# site_list PART NAME.d: the words of all files in the folders NAME.d, without comments,
# one a line.
site_list() {
	site_parts "$1" "$2" | while IFS= read -r site_folder; do
		for site_file in "$site_folder"/*; do
			[ ! -f "$site_file" ] || site_words "$site_file"
		done
	done
}

# site_check PART: common/ and PART/ hold only what the builder uses, in a form that it can
# use.
site_check() {
	for site_part in common "$1"; do
		[ "$site_part" = rootfs ] || [ ! -e "$site_dir/$site_part/boot.files" ] ||
			die "$site_dir/$site_part/boot.files: belongs into $site_dir/rootfs"
		# shellcheck disable=SC2046 # words
		site_check_folder "$site_dir/$site_part" $(site_may_have "$site_part")
	done
	site_check_names
	site_check_words "$1" packages.d '^[a-z0-9][a-z0-9+.-]*$' "a package name"
	site_check_words "$1" modules.d '^[a-zA-Z0-9_-]*$' "the name of a kernel module"
	site_check_debs "$1"
	site_parts "$1" files | while IFS= read -r site_folder; do
		site_check_files "$site_folder"
	done
	site_parts "$1" hooks | while IFS= read -r site_folder; do
		site_check_hooks "$site_folder"
	done
}

# site_may_have PART: what some command reads there.
site_may_have() {
	case $1 in
	common) echo packages.d/ debs/ files/ modules.d/ hooks/ cmdline.d/ config.txt.d/ eeprom.d/ ;;
	rescue) echo packages.d/ debs/ files/ modules.d/ hooks/ cmdline.d/ config.txt.d/ ;;
	rootfs) echo packages.d/ debs/ files/ modules.d/ hooks/ boot.files ;;
	boot) echo cmdline.d/ config.txt.d/ eeprom.d/ ;;
	esac
}

# site_check_folder FOLDER NAME...: if it is there, it has only these, and README; a NAME of a
# folder ends with /.  A name that is misspelt must not be ignored.
site_check_folder() {
	site_folder=$1
	shift
	[ -e "$site_folder" ] || [ -L "$site_folder" ] || return 0
	[ -d "$site_folder" ] || die "$site_folder: not a folder"
	for site_path in "$site_folder"/*; do
		[ -e "$site_path" ] || [ -L "$site_path" ] || continue
		case " $* " in
		*" ${site_path##*/}/ "*) [ -d "$site_path" ] || die "$site_path: not a folder" ;;
		*" ${site_path##*/} "*) [ -f "$site_path" ] || die "$site_path: not a file" ;;
		*) case ${site_path##*/} in
			README*) ;;
			*) die "$site_path: unknown; here may be $* and README" ;;
			esac ;;
		esac
	done
}

# Lists of files have one name a line.
site_check_names() {
	site_bad=$(find "$site_dir" -name '*
*' | head -n 2 | tr '\n' '?')
	[ -z "$site_bad" ] || die "$site_bad: a file name with a line break; rename the file"
}

site_check_words() {
	site_parts "$1" "$2" | while IFS= read -r site_folder; do
		for site_file in "$site_folder"/*; do
			[ -e "$site_file" ] || [ -L "$site_file" ] || continue
			[ -f "$site_file" ] || die "$site_file: not a file; $2 has files with one name per line"
			site_bad=$(site_words "$site_file" | grep -v -e "$3" | head -n 1)
			[ -z "$site_bad" ] || die "$site_file: \"$site_bad\" is not $4"
		done
	done
}

# site_check_files FOLDER
site_check_files() {
	site_bad=$(find "$1/" ! -type f ! -type d ! -type l | head -n 1)
	[ -z "$site_bad" ] || die "$site_bad: neither a file nor a folder nor a symbolic link; a hook can make it"
}

site_check_debs() {
	site_parts "$1" debs | while IFS= read -r site_folder; do
		for site_file in "$site_folder"/*; do
			[ -e "$site_file" ] || [ -L "$site_file" ] || continue
			case "$site_file" in
			*.deb) dpkg-deb --info "$site_file" >/dev/null 2>&1 || die "$site_file: not a Debian package" ;;
			*) die "$site_file: debs has only Debian packages, NAME.deb" ;;
			esac
		done
	done
}

# site_check_hooks FOLDER
site_check_hooks() {
	for site_file in "$1"/*; do
		[ -e "$site_file" ] || [ -L "$site_file" ] || continue
		case "${site_file##*/}" in
		README*) continue ;;
		[0-9][0-9]-*[!A-Za-z0-9_-]*) die "$site_file: a hook is named NN-NAME, of letters, digits, _ and -" ;;
		[0-9][0-9]-?*) ;;
		*) die "$site_file: a hook is named NN-NAME, such as 50-motd" ;;
		esac
		[ -f "$site_file" ] || die "$site_file: not a file; a hook is a script"
		[ -x "$site_file" ] || die "$site_file: not executable; chmod +x it"
	done
}
