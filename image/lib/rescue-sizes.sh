# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What costs how many bytes.  A package's bytes in the squashfs or in the initramfs are an
# estimate: its files compressed by zstd -9, and all of them scaled so that the sum is right.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# sizes_packages TREE LISTS BYTES OUT: lines "PACKAGE BYTES COMPRESSED", largest first, for a
# TREE that has BYTES when compressed.  LISTS is a copy of dpkg's info folder from before the
# tree was pruned.
sizes_packages() {
	: >"$work/sizes-known"
	for sizes_list in "$2"/*.list; do
		sizes_name=${sizes_list##*/}
		sizes_name=${sizes_name%.list}
		# Debian 12 lists /bin/NAME for what is /usr/bin/NAME.
		sed -n 's,^/\(.\),\1,p' "$sizes_list" | sed 's,^\(bin\|sbin\|lib\|lib64\)/,usr/&,' | (cd "$1" && while IFS= read -r sizes_path; do
			[ ! -f "$sizes_path" ] || [ -L "$sizes_path" ] || printf '%s\0' "$sizes_path"
		done) >"$work/sizes-files"
		[ -s "$work/sizes-files" ] || continue
		echo "${sizes_name%:*} $(sizes_of "$1" "$work/sizes-files")"
		cat "$work/sizes-files" >>"$work/sizes-known"
	done >"$work/sizes-raw"
	find "$1" \( -path "$1/lib/modules/*" -o -path "$1/usr/lib/modules/*" \) -type f -printf '%P\0' |
		LC_ALL=C sort -z >"$work/sizes-modules"
	(cd "$1" && find . -type f -printf '%P\0') | LC_ALL=C sort -z >"$work/sizes-all"
	LC_ALL=C sort -z "$work/sizes-known" "$work/sizes-modules" | LC_ALL=C comm -z -13 - "$work/sizes-all" >"$work/sizes-other"
	{
		cat "$work/sizes-raw"
		[ ! -s "$work/sizes-modules" ] || echo "(kernel-modules) $(sizes_of "$1" "$work/sizes-modules")"
		[ ! -s "$work/sizes-other" ] || echo "(made-while-installing) $(sizes_of "$1" "$work/sizes-other")"
	} | awk -v total="$3" '{ name[NR] = $1; raw[NR] = $2; zip[NR] = $3; sum += $3 }
		END { for (i = 1; i <= NR; i++) printf "%s %d %d\n", name[i], raw[i], zip[i] * total / sum }' |
		sort -k 3,3nr -k 1,1 >"$4"
	rm "$work"/sizes-*
}

# sizes_initramfs TREE LISTS BYTES OUT: the same for an initramfs, in which each command of
# busybox is a hard link that has the name of another package's program.
sizes_initramfs() {
	cp -al "$1" "$work/one-busybox"
	find "$work/one-busybox/usr/bin" "$work/one-busybox/usr/sbin" -samefile "$work/one-busybox/usr/bin/busybox" \
		! -path "$work/one-busybox/usr/bin/busybox" -delete
	sizes_packages "$work/one-busybox" "$2" "$3" "$4"
	rm -r "$work/one-busybox"
}

# sizes_of TREE FILES: bytes, and bytes compressed.
sizes_of() {
	echo "$(tar -C "$1" --no-recursion --null -T "$2" -c | wc -c) $(tar -C "$1" --no-recursion --null -T "$2" -c | zstd -q -9 -c | wc -c)"
}

# sizes_groups PACKAGES LIST: the same by the groups in LIST, which begins each with a line
# "# group: NAME"; what is in no group is what the others need.
sizes_groups() {
	awk '
	FNR == NR {
		if (sub(/^# group: */, ""))
			group = $0
		else if ($1 != "" && $1 !~ /^#/)
			group_of[$1] = group
		next
	}
	{
		name = $1 in group_of ? group_of[$1] : $1 == "(kernel-modules)" ? "kernel modules" : "libraries, base system"
		raw[name] += $2
		zip[name] += $3
		count[name]++
	}
	END { for (name in raw) printf "%s\t%d\t%d\t%d\n", name, count[name], raw[name], zip[name] }' "$2" "$1" |
		sort -t '	' -k 4,4nr
}

# sizes_lines PACKAGES LIST: the groups, as lines of the table.
sizes_lines() {
	sizes_groups "$1" "$2" | awk -F '\t' '{ printf "  %-34s %14d %14d\n", $1 " (" $2 ")", $3, $4 }'
}

# sizes_table PACKAGES INITRAMFS_PACKAGES LIST OUT_FOLDER: the table, on standard output.
# Sets sizes_kernel_gzip, for sizes_check.
sizes_table() {
	sizes_of_tree=$1 sizes_of_initramfs=$2 sizes_list=$3
	sizes_kernel_gzip=$(gzip_kernel <"$4/vmlinuz" | wc -c)
	sizes_total=$(($(stat -c %s "$4/vmlinuz") + $(stat -c %s "$4/initrd") + $(stat -c %s "$4/rescue.cpio")))
	printf '%-36s %14s %14s\n' "$flavour, Debian $suite, $arch" "bytes" "in the image"
	printf '%-36s %14d %14d\n' "vmlinuz" "$(stat -c %s "$4/vmlinuz")" "$(stat -c %s "$4/vmlinuz")"
	printf '%-36s %14s %14d\n' "  the same by gzip" "" "$sizes_kernel_gzip"
	printf '%-36s %14d %14d\n' "initrd" "$initramfs_bytes" "$(stat -c %s "$4/initrd")"
	sizes_lines "$sizes_of_initramfs" "$sizes_list"
	printf '%-36s %14d %14d\n' "rescue.cpio" "$sizes_tree_bytes" "$(stat -c %s "$4/rescue.cpio")"
	sizes_lines "$sizes_of_tree" "$sizes_list"
	printf '%-36s %14s %14d\n' "vmlinuz, initrd and rescue.cpio" "" "$sizes_total"
	echo
	sizes_largest initrd "$sizes_of_initramfs"
	sizes_largest rescue.cpio "$sizes_of_tree"
	echo "Libraries in rescue.cpio that nothing links to: $(tr '\n' ' ' <"$work/unused")"
}

sizes_largest() {
	echo "The largest packages in $1:"
	head -n 40 "$2" | awk '{ printf "  %-34s %14d %14d\n", $1, $2, $3 }'
	echo
}

# sizes_check OUT_FOLDER: dies if the image has grown, and the site is not the cause.
sizes_check() {
	[ "$suite:$kernel" = "trixie:linux-image-$arch" ] || return 0
	! site_adds rescue || return 0
	sizes_limit=$(awk -v flavour="$flavour" -v arch="$arch" '$1 == flavour && $2 == arch { print $3 }' "$image_lib/rescue/size-limits")
	[ -n "$sizes_limit" ] || return 0
	sizes_kernel=$sizes_kernel_gzip
	[ "$sizes_kernel" -lt "$(stat -c %s "$1/vmlinuz")" ] || sizes_kernel=$(stat -c %s "$1/vmlinuz")
	sizes_sum=$((sizes_kernel + $(stat -c %s "$1/initrd") + $(stat -c %s "$1/rescue.cpio")))
	[ "$sizes_sum" -le $((sizes_limit + sizes_limit * 3 / 100)) ] || {
		cat "$1/sizes" >&2
		die "kernel, initrd and rescue.cpio have $sizes_sum bytes, more than 3 % above the $sizes_limit of $image_lib/rescue/size-limits; the table above has the parts"
	}
}
