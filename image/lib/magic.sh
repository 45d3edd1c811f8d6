# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What the files of a whole tree are by their first bytes, whatever their names are: archives,
# compressed files, and keys that have no text around them.  Few processes for many files.
# shellcheck shell=dash

# magic_list TREE LIST WORK: writes a line "KIND PATH" to LIST for each file below TREE that is
# of a kind; PATH is without TREE.  Uses the file WORK.  Files of less than 24 bytes hold
# nothing.  Fails if a file cannot be read, or if a name has a line break.
magic_list() {
	(cd "$1" && find . -type f -size +23c -printf '%s %P\n') >"$3" || return 1
	magic_bytes "$1" "$3" 24 | magic_kinds >"$2" || return 1
	# A tar archive has its mark far from its beginning, and its length is a multiple of 512.
	awk '$1 >= 1024 && $1 % 512 == 0' "$3" >"$3.tar" || return 1
	[ ! -s "$3.tar" ] || magic_bytes "$1" "$3.tar" 262 |
		awk 'substr($1, 515, 10) == "7573746172" { sub(/^[^ ]* [^ ]* /, ""); print "tar " $0 } /^short/ { exit 1 }' >>"$2" || return 1
	rm "$3" "$3.tar"
}

# magic_bytes TREE SIZES COUNT: for each line "SIZE PATH" its first bytes as hex digits, then
# the line.  After that, a line "short" if there were not that many bytes of each.
magic_bytes() {
	sed 's/^[0-9]* //' "$2" | tr '\n' '\0' | (cd "$1" && xargs -0r head -q -c "$3" --) |
		od -An -v -tx1 -w"$3" | tr -d ' ' >"$2.hex"
	paste -d ' ' "$2.hex" "$2" | awk -v digits=$(($3 * 2)) 'length($1) != digits || NF < 3 { print "short"; exit } { print }'
	rm "$2.hex"
}

# Lines "HEX SIZE PATH" on standard input.  A public key of ssh begins as the private key does
# that dropbear writes; the private one is longer.  openssh-key-v1 and PuTTY-User-Key stand
# for themselves.
magic_kinds() {
	awk '
		function number(hex,    value, at) {
			for (at = 1; at <= length(hex); at++)
				value = value * 16 + index("0123456789abcdef", substr(hex, at, 1)) - 1
			return value
		}
		function is_dropbear_key(hex, size) {
			if (hex ~ /^0000000b7373682d65643235353139/)
				return substr(hex, 31, 8) == "00000040" && size < 512
			if (hex ~ /^000000077373682d727361000000/)
				return size > 22 + number(substr(hex, 37, 8)) && size < 8192
			if (hex ~ /^000000077373682d647373000000/)
				return size > 440 && size < 8192
			if (hex ~ /^0000001365636473612d736861322d6e69737470/)
				return size > (hex ~ /323536..$/ ? 110 : hex ~ /333834..$/ ? 142 : 178) && size < 512
			return 0
		}
		$1 == "short" { exit 1 }
		{ kind = "" }
		/^1f8b08[01]/ { kind = "gzip" }
		/^28b52ffd/ { kind = "zstd" }
		/^fd377a585a00/ { kind = "xz" }
		/^425a683[1-9]314159265359/ { kind = "bzip2" }
		/^(02214c18|04224d18)/ { kind = "lz4" }
		/^894c5a4f000d0a1a/ { kind = "lzop" }
		/^5d0000....(ffffffffffffffff|..........000000)/ { kind = "lzma" }
		/^30373037303[12]/ { kind = "cpio" }
		/^68737173/ { kind = "squashfs" }
		/^504b0304/ { kind = "zip" }
		/^213c617263683e0a64656269616e2d62/ { kind = "deb" }
		/^6f70656e7373682d6b65792d7631/ || /^50755454592d557365722d4b6579/ || is_dropbear_key($1, $2) { kind = "key" }
		kind != "" { sub(/^[^ ]* [^ ]* /, kind " "); print }'
}
