#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack --profile and --probe move the data of a squashfs and change nothing
# else, whatever it holds and however it was made.
. "${srcdir:-..}/tests/lib.sh"
need mksquashfs unsquashfs python3

# Everything that a squashfs can hold, as far as this user may make it.
make_tree() {
	mkdir -p "$dir/tree/many" "$dir/tree/empty folder"
	for size in 0 1 4096 131071 131072 131073 262144 500000; do
		seed=$size random_bytes $size >"$dir/tree/size-$size"
	done
	i=0
	while [ $i -lt 600 ]; do
		echo "$i, which is not much" >"$dir/tree/many/file number $i"
		i=$((i + 1))
	done
	cp "$dir/tree/size-500000" "$dir/tree/same"
	cp "$dir/tree/many/file number 7" "$dir/tree/same-small"
	ln "$dir/tree/size-500000" "$dir/tree/many/link"
	ln -s "../nothing" "$dir/tree/many/symlink"
	mkfifo "$dir/tree/fifo"
	: >"$dir/tree/sparse"
	seed=8 random_bytes 4096 >>"$dir/tree/sparse"
	truncate -s 900000 "$dir/tree/sparse"
	seed=9 random_bytes 5000 >>"$dir/tree/sparse"
	chmod 4711 "$dir/tree/size-1"
	touch -d 2001-02-03T04:05:06Z "$dir/tree/many" "$dir/tree/size-4096"
	python3 -c 'import os, sys
for name in "size-4096", "many":
    os.setxattr(os.path.join(sys.argv[1], name), "user.note", name.encode() * 50)' "$dir/tree" || say "no attributes here"
	[ "$(id -u)" != 0 ] || {
		mknod "$dir/tree/null" c 1 3
		chown 1234:5678 "$dir/tree/size-131072" "$dir/tree/empty folder"
	}
}

# Everything that a user sees: the listing, and the content and attributes of each file.
# The size of a folder depends on its entry in the image.
contents() {
	rm -rf "$dir/out"
	unsquashfs -no-progress -d "$dir/out" "$1" >/dev/null 2>"$dir/err" || fail "$1: $(cat "$dir/err")"
	unsquashfs -lln "$1" | sed 's/^\(d[^ ]* *[^ ]*\) *[0-9]*/\1 -/'
	python3 -c 'import hashlib, os, sys
os.chdir(sys.argv[1])
for folder, folders, files in os.walk("."):
    folders.sort()
    for name in sorted(files) + ["."]:
        path = os.path.join(folder, name)
        facts = os.lstat(path)
        regular = (facts.st_mode & 0o170000) == 0o100000
        print(path, oct(facts.st_mode), facts.st_uid, facts.st_gid, int(facts.st_mtime),
              facts.st_rdev, facts.st_nlink if regular else "",
              hashlib.sha256(open(path, "rb").read()).hexdigest() if regular else "",
              [(key, os.getxattr(path, key, follow_symlinks=False)) for key in os.listxattr(path, follow_symlinks=False)])' \
		"$dir/out"
}

# What nfs asks for by number is in the image, or not, as before.
facts() {
	unsquashfs -s "$1" | grep -e Compression -e 'Block size' -e NFS -e inodes -e ids -e 'append time' -e dict
}

# In no order of the image, with parts of files, files of one block that many share,
# and one that is not there.
cat >"$dir/boot.files" <<-'END'
	# farroot files
	0 96 @superblock
	0 8192 @inodes
	393216 106784 /size-500000
	0 22 /many/file number 577
	0 131072 /size-131073
	0 30 /same-small
	0 22 /many/file number 3
	131072 1 /size-131073
	0 1 /size-1
	0 4096 /gone
	0 900000 /sparse
	0 131072 /size-262144
END

try() {
	say "$*"
	rm -f "$dir/in"
	mksquashfs "$dir/tree" "$dir/in" "$@" -noappend -no-progress -quiet >"$dir/log" 2>&1 ||
		fail "mksquashfs $*: $(cat "$dir/log")"
	contents "$dir/in" >"$dir/contents"
	facts "$dir/in" >"$dir/facts"
	for how in "--profile=$dir/boot.files" --probe; do
		"$farroot" pack "$how" "$dir/in" -o "$dir/packed" >"$dir/log" 2>&1 || fail "$how: $(cat "$dir/log")"
		contents "$dir/packed" >"$dir/contents.packed"
		diff "$dir/contents" "$dir/contents.packed" >"$dir/diff" || fail "$how: $(head -n 20 "$dir/diff")"
		facts "$dir/packed" | diff "$dir/facts" - || fail "$how: other facts"
		"$farroot" verify "$dir/packed" "$(sed -n 's/^roothash=//p' "$dir/log")" >/dev/null ||
			fail "$how: it does not verify"
		"$farroot" pack "$how" "$dir/in" -o "$dir/again" >/dev/null 2>&1
		cmp "$dir/packed" "$dir/again" || fail "$how: two outputs of one input"
		# What has been packed can be packed.
		"$farroot" pack --profile="$dir/boot.files" "$dir/packed" -o "$dir/again" >/dev/null 2>&1 || fail "$how: not twice"
		contents "$dir/again" | cmp "$dir/contents" - || fail "$how: another content the second time"
	done
}

make_tree
try -comp zstd
try -comp gzip -b 64K
try -comp xz -Xdict-size 50% -no-exports
try -comp lz4 -Xhc
try -noI -noD -noF -noX
try -no-fragments -b 4K
try -always-use-fragments -no-duplicates -no-xattrs
