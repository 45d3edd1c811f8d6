# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# All that a build is made from, as a list of lines KIND<tab>NAME<tab>VALUE.  Its digest
# names the result: the same inputs are built only once, and two lists say what changed.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

inputs_line() {
	printf '%s\t%s\t%s\n' "$1" "$2" "$3"
}

# inputs_files KIND FOLDER PREFIX [-L]: each file, link and folder below it, with its mode
# and its content.  -L: links stand for what they lead to.
inputs_files() {
	(
		cd "$2" || exit
		find "${4:--P}" . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0r sha256sum -z -- | tr '\0' '\n' |
			sed 's/^\([0-9a-f]*\)  \(.*\)$/\2\t\1/' >"$inputs_work/hashes"
		find . ! -type d -printf '%P\t%y%m %l\n' | LC_ALL=C sort >"$inputs_work/modes"
		find . -mindepth 1 -type d -printf '%P/\t%y%m\n' | LC_ALL=C sort >>"$inputs_work/modes"
	)
	cat "$inputs_work/hashes" "$inputs_work/modes" | awk -F '\t' -v kind="$1" -v prefix="$3" '
		{ value[$1] = value[$1] (value[$1] == "" ? "" : " ") $2 }
		END { for (name in value) printf "%s\t%s%s\t%s\n", kind, prefix, name, value[name] }'
}

# inputs_file KIND FILE NAME
inputs_file() {
	inputs_line "$1" "$3" "$(sha256sum <"$2" | cut -d ' ' -f 1)"
}

# inputs_write PART PLAN DEBS KEY...: the list, on standard output.  KEYs are those of
# site.conf that count.
inputs_write() {
	inputs_part_of_site=$1
	inputs_plan=$2
	inputs_debs=$3
	shift 3
	inputs_work=$(mktemp -d)
	{
		for inputs_key in "$@"; do
			inputs_line option "$inputs_key" "$(site_get "$inputs_key")"
		done
		source_inputs
		[ -z "${SOURCE_DATE_EPOCH_given-}" ] || inputs_line option SOURCE_DATE_EPOCH "$SOURCE_DATE_EPOCH_given"
		inputs_site
		inputs_builder
		for inputs_path in "$inputs_debs"/*.deb; do
			[ ! -e "$inputs_path" ] || inputs_file deb "$inputs_path" "${inputs_path##*/}"
		done
		awk '$3 == "debian" { printf "package\t%s\t%s\n", $1, $2 }' "$inputs_plan"
		# Two versions of these may write other bytes.
		for inputs_tool in cpio libdeflate-gzip mksquashfs mmdebstrap xz zstd; do
			inputs_line tool "$inputs_tool" "$(inputs_version "$inputs_tool")"
		done
	} | LC_ALL=C sort
	rm -rf "$inputs_work"
}

# inputs_version PROGRAM: the first version number that it tells.
inputs_version() {
	case $1 in
	mksquashfs) mksquashfs -version ;;
	mkfs.vfat) mkfs.vfat --help ;;
	libdeflate-gzip) libdeflate-gzip -V ;;
	*) "$1" --version ;;
	esac 2>&1 | grep -o '[0-9][0-9]*\.[0-9][0-9.]*' | head -n 1
}

inputs_site() {
	for inputs_key in authorized_keys user_ca.pub config.pub; do
		[ ! -e "$site_dir/$inputs_key" ] || inputs_file site "$site_dir/$inputs_key" "$inputs_key"
	done
	[ -z "$site_extra" ] || inputs_line option parts "$site_extra"
	for inputs_part in common "$inputs_part_of_site" $site_extra; do
		for inputs_folder in packages.d debs modules.d hooks; do
			[ ! -d "$site_dir/$inputs_part/$inputs_folder" ] ||
				inputs_files site "$site_dir/$inputs_part/$inputs_folder" "$inputs_part/$inputs_folder/" -L
		done
		[ ! -d "$site_dir/$inputs_part/files" ] ||
			inputs_files site "$site_dir/$inputs_part/files" "$inputs_part/files/"
	done
}

# The lists of this program, and its parts that were sourced.  The lists of the rescue system
# are read for both.
inputs_builder() {
	inputs_files list "$image_lib/rescue" rescue/
	[ "$inputs_part_of_site" = rescue ] || inputs_files list "$image_lib/rootfs" rootfs/
	inputs_parts
}

inputs_parts() {
	for inputs_path in $parts_used; do
		inputs_file builder "$image_lib/lib/$inputs_path.sh" "lib/$inputs_path.sh"
	done
}

# inputs_digest FILE: 16 hex digits that name the result.
inputs_digest() {
	sha256sum <"$1" | cut -c 1-16
}

# inputs_base_digest FILE: the same for the root that the packages of Debian alone make.
inputs_base_digest() {
	grep -e '^option	arch	' -e '^option	suite	' -e '^package	' -e '^builder	lib/debian-root.sh	' \
		-e '^tool	mmdebstrap	' -e '^option	source	' -e '^option	archive' -e '^site	archive-keyring	' "$1" | sha256sum | cut -c 1-16
}

# inputs_explain OLD NEW: what differs, one line each, for people; nothing if nothing does.
inputs_explain() {
	LC_ALL=C awk -F '\t' '
	FNR == NR { old[$1 " " $2] = $3; next }
	{
		key = $1 " " $2
		now[key]
		if (!(key in old))
			line[++count] = key ": is new" ($1 == "package" || $1 == "option" ? ", " $3 : "")
		else if (old[key] != $3)
			line[++count] = key ": has changed" ($1 ~ /^(package|option|tool)$/ ? " from " old[key] " to " $3 : "")
	}
	END {
		for (key in old)
			if (!(key in now))
				line[++count] = key ": is gone"
		for (i = 1; i <= count; i++)
			print line[i]
	}' "$1" "$2" | LC_ALL=C sort
}
