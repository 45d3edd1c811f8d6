# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The folder of one machine in OUT/tftp: its config.txt, its cmdline.txt and its archive
# device.cpio where they differ from those of all machines, and links to the rest, so that it
# costs some KiB.
# shellcheck shell=dash

# site_dir is set by site.sh, boot_temp by boot-common.sh, the variables hosts_* by hosts.sh.
# shellcheck disable=SC2154
# The parts of the builder share their variables.
# shellcheck disable=SC2034

# host_start SHARED CARD EPOCH FROM: for host_make.  The files of all machines are in CARD,
# an absolute path, and will be in OUT/tftp/SHARED, which is empty or ends with /.  FROM, or
# nothing, is what farroot-image rescue made.
host_start() {
	host_shared=$1 host_card=$2 host_epoch=$3 host_from=$4
	# Where the links of a new folder lead to what they will lead to in OUT.
	host_new=$boot_temp/tftp
	mkdir -p "$host_new/$host_shared" || die "$host_new: cannot be made"
	for host_path in "$host_card"/*; do
		ln -s "$host_path" "$host_new/$host_shared" || die "$host_new: cannot be made"
	done
}

# host_make: the folder of the host that was read last, $host_new/$hosts_tftp.
host_make() {
	host_folder=$host_new/$hosts_tftp
	{ [ ! -e "$host_folder" ] && [ ! -L "$host_folder" ]; } ||
		die "$site_dir/hosts/$hosts_folder: $hosts_tftp is already in the TFTP tree, for the files of all machines; choose another prefix= in host.conf, or another --prefix"
	mkdir "$host_folder" || die "$host_folder: cannot be made; is the disk full?"
	for host_path in "$host_card"/*; do
		ln -s "../$host_shared${host_path##*/}" "$host_folder/" || die "$host_folder: cannot be written; is the disk full?"
	done
	config_place="tftp/$hosts_tftp"
	host_archive "$host_folder/device.cpio" "$host_epoch"
	[ ! -e "$host_folder/device.cpio" ] || [ -e "$host_card/rescue.cpio" ] ||
		die "$site_dir/hosts/$hosts_folder: the rescue system reads device.conf and files/, and $host_card has no rescue.cpio; put arguments into cmdline.d"
	host_config
	host_cmdline
	read_of="tftp/$hosts_tftp"
	read_check "$host_folder" "$hosts_serial"
}

# config.txt: that of all machines, with one archive more, then the lines for this one.
host_config() {
	hosts_files config.txt.d >"$boot_temp/host-config"
	if [ ! -e "$host_folder/device.cpio" ] && [ ! -s "$boot_temp/host-config" ]; then
		return
	fi
	host_archives=
	[ ! -e "$host_folder/device.cpio" ] || host_archives=,device.cpio
	rm "$host_folder/config.txt"
	{
		sed "s/^\(initramfs[[:space:]]*[^[:space:]]*\)/\1$host_archives/" "$host_card/config.txt"
		config_add <"$boot_temp/host-config"
	} >"$host_folder/config.txt" || die "$host_folder: cannot be written; is the disk full?"
	while IFS= read -r host_path; do
		host_line=$(sed -n '/^[[:space:]]*\(initramfs[[:space:]]\|ramfsfile=\)/=' "$host_path" | head -n 1)
		[ -z "$host_line" ] || die "$host_path:$host_line: initramfs: farroot-image writes this line, with device.cpio"
		host_overlays "$host_path"
	done <"$boot_temp/host-config"
}

# host_overlays CONFIG: an overlay that only this machine has lies in its folder.
host_overlays() {
	# shellcheck disable=SC2013 # words
	for host_name in $(sed -n 's/^[[:space:]]*dtoverlay=\([A-Za-z0-9_-]\{1,\}\).*/\1/p' "$1"); do
		[ -d "$host_card/overlays" ] ||
			die "$1: dtoverlay=$host_name: overlays are for Raspberry Pi's kernel, and this is a Debian kernel; remove the line"
		for host_file in "$host_name.dtbo" "$host_name-pi4.dtbo"; do
			[ ! -e "$host_folder/overlays/$host_file" ] || continue
			for host_path in "$host_from/overlays/$host_file" "$host_from/dtbs/overlays/$host_file" ''; do
				[ ! -e "$host_path" ] || break
			done
			if [ -n "$host_path" ]; then
				host_own_overlays
				boot_copy "$host_path" "$host_folder/overlays/$host_file"
			elif [ "$host_file" = "$host_name.dtbo" ]; then
				die "$1: dtoverlay=$host_name: $host_file is not among the overlays${host_from:+ in $host_from}${host_from:-; name the output of farroot-image rescue: --from DIR}"
			fi
		done
	done
}

host_own_overlays() {
	[ -L "$host_folder/overlays" ] || return 0
	rm "$host_folder/overlays"
	mkdir "$host_folder/overlays" || die "$host_folder: cannot be written; is the disk full?"
	for host_path_of in "$host_card/overlays"/*; do
		ln -s "../../${host_shared}overlays/${host_path_of##*/}" "$host_folder/overlays/"
	done
}

# cmdline.txt: the words of all machines, then those of each group and of this one.
host_cmdline() {
	[ -n "$(hosts_files cmdline.d)" ] || return 0
	rm "$host_folder/cmdline.txt"
	host_words <"$host_card/cmdline.txt" >"$boot_temp/words"
	for host_part in $(hosts_parts cmdline.d); do
		config_files_in "$site_dir/$host_part" >"$boot_temp/cmdline-files"
		# No pipe, in which an error would not be noticed.
		cmdline_words <"$boot_temp/cmdline-files" >"$boot_temp/words-text" || die "$boot_temp: cannot be written; is the disk full?"
		host_words <"$boot_temp/words-text" >"$boot_temp/words-more"
		values_merge "$boot_temp/words" "$boot_temp/words-more" >"$boot_temp/words-all"
		mv "$boot_temp/words-all" "$boot_temp/words"
	done
	! grep -q '^farroot=http' "$boot_temp/words" || grep -q -e '^roothash=' -e '^farroot\.verify=none$' "$boot_temp/words" ||
		die "$site_dir/hosts/$hosts_folder: farroot= in cmdline.d names an image, and roothash= is missing: the digits that farroot pack printed"
	host_line=$(tr '\n' ' ' <"$boot_temp/words")
	cmdline_check "${host_line% }"
	printf '%s\n' "${host_line% }" >"$host_folder/cmdline.txt" || die "$host_folder: cannot be written; is the disk full?"
}

# host_words: the words of standard input, one per line; blanks in double quotes are part of
# a word.
host_words() {
	awk '{
		for (i = 1; i <= length($0) + 1; i++) {
			c = i <= length($0) ? substr($0, i, 1) : " "
			if (c == "\"")
				quoted = !quoted
			if (c ~ /[ \t]/ && !quoted) {
				if (word != "")
					print word
				word = ""
			} else
				word = word c
		}
	}'
}

# host_table FOLDER: the files of its own, and their bytes.
host_table() {
	(cd "$1" && find . -type f -printf '%s %P\n') | sort -k 2 | awk -v name="${1##*/}" '
		{ sum += $1; files = files " " $2 }
		END { printf "%11d  tftp/%s:%s\n", sum, name, files == "" ? " links only" : files }'
}
