# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# OUT/hosts: what the folder of each machine was made from, as lines KIND<tab>NAME<tab>VALUE
# of inputs.sh.  A machine of which no line changed is not made again, and two lists
# say what changed.
# shellcheck shell=dash

# site_dir is set by site.sh, boot_temp by boot-common.sh, the variables hosts_* by hosts.sh,
# host_* by host-tree.sh, image_lib by farroot-image.
# shellcheck disable=SC2154

# list_write: of all hosts of the site, on standard output.
list_write() {
	# For inputs.sh.
	# shellcheck disable=SC2034
	inputs_work=$boot_temp
	inputs_line all prefix "$host_shared"
	inputs_line all time "$host_epoch"
	list_config=$(sha256sum <"$host_card/config.txt" | cut -d ' ' -f 1)
	list_cmdline=$(sha256sum <"$host_card/cmdline.txt" | cut -d ' ' -f 1)
	list_names=$(cd "$host_card" && find . -printf '%P\n' | LC_ALL=C sort | sha256sum | cut -d ' ' -f 1)
	list_program=$(cat "$image_lib"/lib/host*.sh "$image_lib"/lib/boot-config.sh "$image_lib"/lib/archives.sh | sha256sum | cut -d ' ' -f 1)
	for list_host in $hosts; do
		hosts_read "${list_host#*:}"
		list_host_inputs "host $hosts_serial" | LC_ALL=C sort
	done
}

# list_host_inputs KIND: of the host that was read last.
list_host_inputs() {
	inputs_line "$1" folder "$hosts_tftp"
	inputs_line "$1" "the time of its files" "$host_epoch"
	inputs_line "$1" "config.txt of all machines" "$list_config"
	inputs_line "$1" "cmdline.txt of all machines" "$list_cmdline"
	inputs_line "$1" "the names of the files of all machines" "$list_names"
	inputs_line "$1" "the program farroot-image" "$list_program"
	for list_name in host.conf device.conf; do
		for list_part in $(hosts_parts $list_name); do
			inputs_file "$1" "$site_dir/$list_part" "$list_part"
		done
	done
	for list_name in cmdline.d config.txt.d files hooks; do
		for list_part in $(hosts_parts $list_name); do
			if [ $list_name = files ]; then
				inputs_files "$1" "$site_dir/$list_part" "$list_part/"
			else
				inputs_files "$1" "$site_dir/$list_part" "$list_part/" -L
			fi
		done
	done
}

# list_value FILE KIND NAME
list_value() {
	awk -F '\t' -v kind="$2" -v name="$3" '$1 == kind && $2 == name { print $3 }' "$1"
}

# list_serials FILE: the machines in it, one per line.
list_serials() {
	sed -n 's/^host \([0-9a-f]*\)	folder	.*/\1/p' "$1"
}

# list_of FILE SERIAL: its lines.
list_of() {
	grep "^host $2	" "$1"
}

# list_explain OLD NEW: what differs, one line each; a machine that is new or gone has one
# line.
list_explain() {
	inputs_explain "$1" "$2" | awk '
		{ line[NR] = $0; of[NR] = $2 }
		/^host [0-9a-f]+ folder: is new/ { whole[$2] = "is new" }
		/^host [0-9a-f]+ folder: is gone/ { whole[$2] = "is gone" }
		END {
			for (i = 1; i <= NR; i++) {
				if (line[i] !~ /^host /)
					continue
				if (!(of[i] in whole))
					print line[i]
				else if (!said[of[i]]++)
					print "host " of[i] ": " whole[of[i]]
			}
		}'
}
