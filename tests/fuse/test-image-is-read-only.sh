#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# All that would change the mount gives EROFS, also with root; reads at the end are short, and
# what is not there gives ENOENT.  read, pread, mmap and sendfile give the same bytes.
. "${srcdir:-..}/tests/fuse/fuse.sh"
need python3

# Not a multiple of the block size.
random_bytes 1000001 >"$dir/image"
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" verify=none
python3 - "$socket.mnt" "$dir/image" <<'EOF' || fail "see above"
import errno, mmap, os, sys
folder, original = sys.argv[1:]
path = folder + "/image"
data = open(original, "rb").read()

def refused(name, number, what, *arguments, **more):
	try:
		what(*arguments, **more)
	except OSError as e:
		assert e.errno == number, (name, e)
	else:
		raise AssertionError(name + " is possible")

for flags in os.O_WRONLY, os.O_RDWR, os.O_RDONLY | os.O_TRUNC, os.O_WRONLY | os.O_APPEND:
	refused("open %o" % flags, errno.EROFS, os.open, path, flags)
refused("create", errno.EROFS, os.open, folder + "/new", os.O_CREAT | os.O_WRONLY)
refused("unlink", errno.EROFS, os.unlink, path)
refused("rename", errno.EROFS, os.rename, path, folder + "/other")
refused("mkdir", errno.EROFS, os.mkdir, folder + "/new")
refused("truncate", errno.EROFS, os.truncate, path, 0)
refused("chmod", errno.EROFS, os.chmod, path, 0o777)
refused("utime", errno.EROFS, os.utime, path)
refused("link", errno.EROFS, os.link, path, folder + "/other")
refused("symlink", errno.EROFS, os.symlink, path, folder + "/other")
refused("setxattr", errno.EROFS, os.setxattr, path, "user.a", b"b")
refused("stat", errno.ENOENT, os.stat, folder + "/other")
refused("image/x", errno.ENOTDIR, os.stat, path + "/x")
assert os.listdir(folder) == ["image"]
assert os.stat(path).st_size == len(data)

with open(path, "rb", buffering=0) as f:
	fd = f.fileno()
	for direct in 0, os.O_DIRECT:
		d = os.open(path, os.O_RDONLY | direct)
		assert os.pread(d, 4096, 999999) == data[999999:], "at the end"
		assert os.pread(d, 4096, 1000001) == b"", "behind the end"
		assert os.pread(d, 10, 1 << 40) == b"", "far behind the end"
		assert os.pread(d, 300000, 654321) == data[654321:954321]
		os.close(d)
	assert f.read() + f.read() == data
	assert mmap.mmap(fd, 0, prot=mmap.PROT_READ)[:] == data
	out = os.open(original + ".out", os.O_CREAT | os.O_RDWR)
	sent = 0
	while sent < len(data):
		sent += os.sendfile(out, fd, sent, len(data))
	assert os.pread(out, 2 * len(data), 0) == data
	assert os.lseek(fd, 0, os.SEEK_END) == len(data)
	assert os.lseek(fd, 0, os.SEEK_HOLE) == len(data)
EOF
