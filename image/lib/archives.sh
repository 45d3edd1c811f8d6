# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Packs archives for the kernel.  Unpacks what a boot reads, on any machine and as the kernel
# does: an initramfs may be several archives, one behind the other, some compressed.  Bytes
# that are no archive are an error: what is not understood is not called clean.
# shellcheck shell=dash

# archive_pack FOLDER: what is in it as a newc cpio archive on standard output, the same
# bytes each time if the files' times are the same.
archive_pack() {
	(cd "$1" && find . -mindepth 1 -printf '%P\0' | LC_ALL=C sort -z |
		cpio -0 -o -H newc --quiet --reproducible -R 0:0)
}

# archive_hex FILE OFFSET COUNT: its bytes as hex digits.
archive_hex() {
	od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'
}

# archive_kind FILE [OFFSET]: what its first bytes say, or nothing.
archive_kind() {
	case "$(archive_hex "$1" "${2:-0}" 6)" in
	30373037303[12]) echo cpio ;;
	1f8b*) echo gzip ;;
	28b52ffd*) echo zstd ;;
	fd377a585a00) echo xz ;;
	425a68*) echo bzip2 ;;
	02214c18* | 04224d18*) echo lz4 ;;
	894c5a4f*) echo lzop ;;
	5d0000*) echo lzma ;;
	68737173*) echo squashfs ;;
	00000000*) echo zero ;;
	213c61726368) echo ar ;;
	esac
}

archive_decompress() {
	case "$1" in
	gzip) gzip -dc ;;
	zstd) zstd -q -dc ;;
	xz) xz -dc ;;
	bzip2) bzip2 -dc ;;
	lz4) lz4 -q -dc ;;
	lzop) lzop -dc ;;
	lzma) xz --format=lzma -dc ;;
	esac
}

# archive_unpack FILE DIR: every archive in FILE to DIR/1, DIR/2 and so on; dies if that
# cannot be done.
archive_unpack() {
	mkdir -p "$2"
	archive_number=0
	archive_depth=0
	archive_walk "$1" "$2" "$1"
	[ "$archive_number" -gt 0 ] || die "$1: holds no archive"
}

# archive_walk FILE DIR NAME: NAME is for messages.
archive_walk() {
	archive_size=$(stat -c %s "$1")
	archive_at=0
	while [ "$archive_at" -lt "$archive_size" ]; do
		case "$(archive_kind "$1" "$archive_at")" in
		zero)
			# Zeros stand between archives, in fours.
			archive_skip=$(tail -c +$((archive_at + 1)) "$1" | archive_zeros)
			archive_at=$((archive_at + archive_skip))
			[ "$archive_skip" -gt 0 ] || die "$3: cannot read the bytes at $archive_at"
			;;
		cpio) archive_cpio "$1" "$2" "$3" ;;
		squashfs)
			[ "$archive_at" = 0 ] || die "$3: a squashfs at byte $archive_at; it must be a file of its own"
			archive_number=$((archive_number + 1))
			unsquashfs -q -n -no-xattrs -d "$2/$archive_number" "$1" >/dev/null 2>"$2/log" ||
				die "$3: unsquashfs cannot unpack it: $(head -n 1 "$2/log")"
			return
			;;
		gzip | zstd | xz | bzip2 | lz4 | lzop | lzma)
			# The compressor reads to the end, and fails on what it does not know.
			archive_depth=$((archive_depth + 1))
			[ "$archive_depth" -le 3 ] || die "$3: compressed more than three times"
			archive_rest "$1" "$2" ||
				die "$3: cannot be decompressed from byte $archive_at on: $(head -n 1 "$2/log")"
			mv "$2/inner" "$2/inner$archive_depth"
			archive_walk "$2/inner$archive_depth" "$2" "$3"
			rm "$2"/inner*
			return
			;;
		*) die "$3: at byte $archive_at: neither an archive nor zeros" ;;
		esac
	done
}

# archive_rest FILE DIR: decompresses the bytes from archive_at on to DIR/inner.  Up to three
# zeros at the end make the length a multiple of four; zstd does not take them.
archive_rest() {
	archive_format=$(archive_kind "$1" "$archive_at")
	for archive_pad in 0 1 2 3; do
		[ $((archive_size - archive_at)) -gt 8 ] || return 1
		case "$(tail -c "$archive_pad" "$1" | od -An -v -tx1 | tr -d ' 0\n')" in
		?*) return 1 ;;
		esac
		! head -c "$((archive_size - archive_pad))" "$1" | tail -c +$((archive_at + 1)) |
			archive_decompress "$archive_format" >"$2/inner" 2>"$2/log" || return 0
	done
	return 1
}

# How many zero bytes standard input begins with, of at most 64 MiB.
archive_zeros() {
	head -c 67108864 | LC_ALL=C tr '\000' '\n' | grep -a -n -m 1 . | cut -d : -f 1 |
		{ read -r archive_line && echo $((archive_line - 1)) || echo 67108864; }
}

# archive_cpio: the cpio archive at archive_at, which then is its end.
archive_cpio() {
	# With the header in front: programs such as busybox hold the name alone, too.
	archive_trailer=$(tail -c +$((archive_at + 1)) "$1" |
		LC_ALL=C grep -abo -m 1 '07070[12][0-9A-Fa-f]\{88\}0000000[bB][0-9A-Fa-f]\{8\}TRAILER!!!' | head -n 1 | cut -d : -f 1)
	[ -n "$archive_trailer" ] || die "$3: the archive at byte $archive_at has no end"
	# The header, the name and its zero byte, then to the next multiple of four.
	archive_length=$(((archive_trailer + 110 + 11 + 3) / 4 * 4))
	archive_number=$((archive_number + 1))
	mkdir "$2/$archive_number"
	tail -c +$((archive_at + 1)) "$1" | head -c "$archive_length" |
		(cd "$2/$archive_number" && cpio -i -d -m --quiet --no-absolute-filenames) 2>"$2/log" ||
		die "$3: cpio cannot unpack the archive at byte $archive_at: $(head -n 1 "$2/log")"
	archive_at=$((archive_at + archive_length))
}
