# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# OUT/inputs of farroot-image boot: what the files of all machines are made from.  If nothing
# of it has changed, and OUT still has what was made, OUT is kept: nothing is signed again.
# The folders of single machines have a list of their own, OUT/hosts.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# kept_write FROM: the list of inputs.sh, on standard output.
kept_write() {
	inputs_work=$boot_temp
	{
		inputs_line option prefix "/$layout_prefix"
		inputs_line option signed "$([ -n "$boot_key$boot_program" ] && echo yes || echo no)"
		inputs_line option time "$boot_epoch"
		[ -z "$site_extra" ] || inputs_line option parts "$site_extra"
		[ -z "$boot_public" ] || inputs_line key public "$(openssl pkey -pubin -in "$boot_public" -outform DER | sha256sum | cut -d ' ' -f 1)"
		for kept_name in config.txt.d cmdline.d; do
			config_site_files "$kept_name" >"$boot_temp/site-files"
			while IFS= read -r kept_path; do
				inputs_file site "$kept_path" "${kept_path#"$site_dir/"}"
			done <"$boot_temp/site-files"
		done
		files_inputs "$1" >"$boot_temp/from-files"
		while IFS= read -r kept_path; do
			inputs_file from "$kept_path" "${kept_path#"$1/"}"
		done <"$boot_temp/from-files"
		[ ! -d "$1/overlays" ] || inputs_files from "$1/overlays" overlays/ -L
		[ -z "${firmware_version-}" ] || inputs_line package raspi-firmware "$firmware_version"
		config_site_files config.txt.d | tr '\n' '\0' | xargs -0r cat -- >"$boot_temp/config-lines"
		firmware_wanted "$boot_temp/config-lines" >"$boot_temp/firmware-files"
		while IFS= read -r kept_name; do
			[ ! -f "$firmware_dir/$kept_name" ] || inputs_file firmware "$firmware_dir/$kept_name" "$kept_name"
		done <"$boot_temp/firmware-files"
		inputs_file list "$image_lib/rescue/secrets-known" rescue/secrets-known
		inputs_parts
		for inputs_tool in libdeflate-gzip mcopy mkfs.vfat; do
			inputs_line tool "$inputs_tool" "$(inputs_version "$inputs_tool")"
		done
	} | LC_ALL=C sort
}

# kept_check OUT INPUTS: OUT was made from these, and no file of all machines has
# changed, or come, or gone.
kept_check() {
	[ -f "$1/sums" ] && cmp -s "$1/inputs" "$2" || return 1
	kept_sums "$1" 2>/dev/null | cmp -s - "$1/sums"
}

# kept_sums OUT: the SHA-256 of each file of all machines, for kept_check.
kept_sums() {
	(
		cd "$1" || exit
		{
			find card rpiboot -type f
			[ ! -d http ] || find http -type f
			(cd card && find . -type f -printf "tftp/$layout_prefix%P\n")
		} | LC_ALL=C sort | tr '\n' '\0' | xargs -0 sha256sum
	)
}

# kept_take OUT NEW: NEW gets the files of OUT but those of single machines, as hard links.
kept_take() {
	cp -al -- "$1" "$2" || die "$2: cannot be made; is the disk full?"
	for kept_name in $(list_serials "$1/hosts"); do
		kept_folder=$(list_value "$1/hosts" "host $kept_name" folder)
		case $kept_folder in
		'' | */* | .*) ;;
		*) rm -rf "${2:?}/tftp/$kept_folder" ;;
		esac
	done
	rm -f "$2/hosts"
}

# kept_explain OUT: what would be made anew, and why.  Of what hosts_open has read, too.
kept_explain() {
	if [ ! -e "$1/inputs" ]; then
		echo "$1: no earlier output with a list of inputs, so everything is to be made"
		return
	elif ! cmp -s "$1/inputs" "$boot_temp/inputs"; then
		inputs_explain "$1/inputs" "$boot_temp/inputs"
		echo "boot.img and all files would be made again${boot_key:+, and signed}${boot_program:+, and signed}"
		return
	elif ! kept_check "$1" "$boot_temp/inputs"; then
		echo "$1: a file has changed since it was made; all files would be made again${boot_key:+, and signed}${boot_program:+, and signed}"
		return
	fi
	host_start "$layout_prefix" "$(cd "$1/card" && pwd)" "$boot_epoch" "$boot_from"
	list_write >"$boot_temp/hosts"
	if cmp -s "$boot_temp/hosts" "$1/hosts"; then
		echo "$1: nothing has changed; nothing would be rebuilt"
	else
		list_explain "$1/hosts" "$boot_temp/hosts"
		echo "boot.img would stay as it is; only folders of single machines would be made again"
	fi
}
