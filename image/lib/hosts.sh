# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What a site has for single machines: hosts/SERIAL, and groups/NAME for several.  A host
# names its groups in host.conf.  A host counts after its groups, which count in the order
# of host.conf; all of them count after what all machines share.  None of it is in boot.img:
# it goes to a folder of the TFTP tree (host-tree.sh) and to the EEPROM (eeprom-config.sh), or
# into an image that is built for them alone (hosts_use).
# Each folder has the shape of the others, and device.conf; a host also host.conf.
# shellcheck shell=dash

# site_dir and site_groups are set by site.sh, layout_prefix by boot-layout.sh.
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

hosts_shape='device.conf packages.d/ debs/ files/ modules.d/ hooks/ cmdline.d/ config.txt.d/ eeprom.d/'

# hosts_open: checks groups/ and hosts/ of the open site, and sets $hosts, words
# SERIAL:FOLDER, of 8 digits and of the name in hosts/.
hosts_open() {
	site_check_names
	for hosts_name in group host; do
		[ ! -e "$site_dir/$hosts_name" ] || die "$site_dir/$hosts_name: unknown; the folder is named ${hosts_name}s"
	done
	hosts=
	hosts_folders=' '
	hosts_check_groups
	[ -e "$site_dir/hosts" ] || return 0
	[ -d "$site_dir/hosts" ] || die "$site_dir/hosts: not a folder; it has a folder for each machine"
	for hosts_path in "$site_dir/hosts"/*; do
		hosts_name=${hosts_path##*/}
		case $hosts_name in
		'*' | README*) continue ;;
		esac
		hosts_serial "$hosts_name" "$hosts_path"
		# shellcheck disable=SC2086 # words
		site_check_folder "$hosts_path" host.conf $hosts_shape
		[ -d "$hosts_path" ] || die "$hosts_path: not a folder"
		case " $hosts" in
		*" $hosts_serial:"*) die "$hosts_path: another folder in $site_dir/hosts is for the same machine, $hosts_serial; leave one" ;;
		esac
		hosts="$hosts$hosts_serial:$hosts_name "
		hosts_check "$hosts_path"
		hosts_read "$hosts_name"
		hosts_check_image
		case "$hosts_folders" in
		*" $hosts_tftp "*) die "$hosts_path: another host has the folder $hosts_tftp of the TFTP tree, too; change prefix= in one host.conf" ;;
		esac
		hosts_folders="$hosts_folders$hosts_tftp "
	done
}

# hosts_serial TEXT WHERE: sets $hosts_serial, the 8 digits that a Pi asks for.  WHERE is for
# messages.
hosts_serial() {
	hosts_serial=$(printf '%s' "$1" | tr A-F a-f)
	case $hosts_serial in
	*[!0-9a-f]*) ;;
	????????) return ;;
	10000000???????? | 00000000????????)
		hosts_serial=${hosts_serial#????????}
		return
		;;
	????????????????) die "$2: the serial number of a Pi 4, with 16 digits, begins with 10000000" ;;
	esac
	die "$2: must be a serial number: 8 hex digits, such as 9ffefdef, or 16, as in /proc/cpuinfo"
}

hosts_group_names='the name of a group has letters, digits, _ and - only'

hosts_is_group_name() {
	case $1 in
	*[!A-Za-z0-9_-]*) return 1 ;;
	esac
}

hosts_check_groups() {
	[ -e "$site_dir/groups" ] || return 0
	[ -d "$site_dir/groups" ] || die "$site_dir/groups: not a folder; it has a folder for each group"
	for hosts_path in "$site_dir/groups"/*; do
		hosts_name=${hosts_path##*/}
		case $hosts_name in
		'*' | README*) continue ;;
		esac
		hosts_is_group_name "$hosts_name" || die "$hosts_path: $hosts_group_names"
		# shellcheck disable=SC2086 # words
		site_check_folder "$hosts_path" $hosts_shape
		[ -d "$hosts_path" ] || die "$hosts_path: not a folder"
		hosts_check "$hosts_path"
	done
}

# hosts_check FOLDER: files, hooks and device.conf in it.
hosts_check() {
	[ ! -d "$1/files" ] || site_check_files "$1/files"
	[ ! -d "$1/hooks" ] || site_check_hooks "$1/hooks"
	for hosts_bad in dev proc run sys tmp; do
		[ ! -e "$1/files/$hosts_bad" ] || die "$1/files/$hosts_bad: the running system has its own /$hosts_bad; choose another folder"
	done
	values_check "$1/device.conf"
}

# An image is named together with what verifies it.
hosts_check_image() {
	hosts_image=$(hosts_values | sed -n '/^farroot=http/s/.*/image/p; /^farroot=\/dev\//s/.*/device/p; /^roothash=/s/=.*//p; /^farroot\.verify=none$/p' |
		tr '\n' ' ')
	case $hosts_image in
	*image*roothash* | *roothash*image* | *farroot.verify=none*) ;;
	*image*) die "$site_dir/hosts/$hosts_folder: farroot= in device.conf names an image, and roothash= is missing: the digits that farroot pack printed" ;;
	*device*) die "$site_dir/hosts/$hosts_folder: farroot= in device.conf names a device, which nothing verifies; to accept that, add farroot.verify=none" ;;
	esac
}

# hosts_read FOLDER: reads hosts/FOLDER/host.conf.  Sets $hosts_serial, $hosts_folder,
# $hosts_groups (words) and $hosts_tftp, the folder in OUT/tftp.
hosts_read() {
	hosts_folder=$1
	hosts_conf=$site_dir/hosts/$1/host.conf
	hosts_serial "$1" "$site_dir/hosts/$1"
	hosts_groups=
	hosts_tftp=$hosts_serial
	[ -e "$hosts_conf" ] || return 0
	! grep -q "$(printf '\r')" "$hosts_conf" || die "$hosts_conf: lines end with CR LF; save it with Unix line ends"
	hosts_line=0
	hosts_seen=' '
	while IFS= read -r hosts_text || [ -n "$hosts_text" ]; do
		hosts_line=$((hosts_line + 1))
		hosts_key=${hosts_text%%=*}
		case $hosts_text in
		'' | '#'*) continue ;;
		groups=*) hosts_read_groups "${hosts_text#*=}" ;;
		prefix=serial) ;;
		prefix=*)
			[ "$hosts_text" != prefix=none ] || die "$hosts_conf:$hosts_line: prefix=none: a host needs a folder of its own"
			# That of all machines stays in the variable.
			hosts_tftp=$(layout_prefix "${hosts_text#*=}" "$hosts_conf:$hosts_line: $hosts_text" && echo "${layout_prefix%/}") || exit
			;;
		[a-z]*=*) die "$hosts_conf:$hosts_line: $hosts_key: no such key; the keys are groups and prefix, and arguments go to device.conf" ;;
		*) die "$hosts_conf:$hosts_line: \"$hosts_text\" is not KEY=VALUE" ;;
		esac
		case $hosts_seen in
		*" $hosts_key "*) die "$hosts_conf:$hosts_line: $hosts_key= is given twice" ;;
		esac
		hosts_seen="$hosts_seen$hosts_key "
	done <"$hosts_conf"
}

hosts_read_groups() {
	for hosts_group in $(printf '%s\n' "$1" | tr ',*?[' ' ___'); do
		[ -d "$site_dir/groups/$hosts_group" ] ||
			die "$hosts_conf:$hosts_line: $hosts_group: no such group; it would be the folder $site_dir/groups/$hosts_group"
		case " $hosts_groups" in
		*" $hosts_group "*) die "$hosts_conf:$hosts_line: the group $hosts_group is there twice" ;;
		esac
		hosts_groups="$hosts_groups$hosts_group "
	done
}

# hosts_find TEXT WHERE: reads the host with this serial number.
hosts_find() {
	hosts_serial "$1" "$2"
	for hosts_word in $hosts; do
		[ "${hosts_word%%:*}" != "$hosts_serial" ] || {
			hosts_read "${hosts_word#*:}"
			return
		}
	done
	die "$site_dir/hosts/$hosts_serial: no such folder, for $2"
}

# hosts_use GROUPS HOST: an image is built for the groups, words of letters, digits, _ and -, or
# for the host of this serial number with its groups: what they have counts after the image's own.
# After hosts_open, unless there is neither.
hosts_use() {
	for hosts_group in $1; do
		[ -d "$site_dir/groups/$hosts_group" ] ||
			die "--group $hosts_group: no such group; it would be the folder $site_dir/groups/$hosts_group"
		case " $site_groups" in
		*" $hosts_group "*) die "--group $hosts_group: is given twice" ;;
		esac
		site_groups="$site_groups$hosts_group "
	done
	if [ -n "$2" ]; then
		hosts_find "$2" "--host $2"
		site_groups=$hosts_groups
		site_host=$hosts_serial
	fi
	site_extra=
	for hosts_group in $site_groups; do
		site_extra="$site_extra groups/$hosts_group"
	done
	site_extra="$site_extra${2:+ hosts/$hosts_folder}"
	site_extra=${site_extra# }
}

# hosts_parts SUBPATH: the existing groups/NAME/SUBPATH and hosts/FOLDER/SUBPATH of the host
# that was read last, in the order in which they count, one per line, without the site's
# folder.
hosts_parts() {
	for hosts_part in $hosts_groups; do
		[ ! -e "$site_dir/groups/$hosts_part/$1" ] || echo "groups/$hosts_part/$1"
	done
	[ ! -e "$site_dir/hosts/$hosts_folder/$1" ] || echo "hosts/$hosts_folder/$1"
}

# hosts_values: its arguments, those of its groups and its own.
hosts_values() {
	set --
	for hosts_part in $(hosts_parts device.conf); do
		set -- "$@" "$site_dir/$hosts_part"
	done
	values_merge "$@"
}

# hosts_files NAME.d: the files in these folders of it, one per line.
hosts_files() {
	hosts_parts "$1" | while IFS= read -r hosts_part; do
		config_files_in "$site_dir/$hosts_part"
	done
}
