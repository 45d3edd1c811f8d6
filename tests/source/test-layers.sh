#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The folders of nbd-plugin/ include each other in one direction only, the files of
# engine/fetch/ too, and each foreign library is known to one place.
# usage: test-layers.sh [FOLDER]: another folder of sources than the tree's own.
set -eu
cd "${1:-${srcdir:-.}/nbd-plugin}"

# shellcheck disable=SC2046 # names without blanks
exec awk '
function wrong(text) {
	print text >"/dev/stderr"
	status = 1
}

function folder_of(path) {
	return path ~ /\// ? substr(path, 1, match(path, /\/[^\/]*$/) - 1) : ""
}

# may FOLDER "OTHER...": what its files may include beside their own folder.
function may(folder, others,    i, n, list) {
	known[folder]
	n = split(others, list, " ")
	for (i = 1; i <= n; i++) {
		# Named before, so the list itself has no circle.
		if (!(list[i] in known))
			wrong(folder " may include " list[i] ", which is not below it")
		allowed[folder, list[i]]
	}
}

# only LIBRARY "PREFIX...": files that begin with one of these may include it.
function only(library, prefixes) {
	owners[library] = prefixes
}

function may_use(library, path,    i, n, list) {
	n = split(owners[library], list, " ")
	for (i = 1; i <= n; i++)
		if (index(path, list[i]) == 1)
			return 1
	return 0
}

# A module is a .c file and its header; one of engine/fetch/ has a rank.
function module_of(path) {
	sub(/\.[ch]$/, "", path)
	sub(/.*\//, "", path)
	return path
}

BEGIN {
	may("common", "")
	may("engine/format", "common")
	may("engine/store", "common")
	may("engine/verity", "common engine/store")
	may("engine/policy", "common engine/store")
	may("engine/http", "common engine/policy")
	may("engine/fetch", "common engine/format engine/store engine/verity engine/policy engine/http")
	may("engine", "common engine/store engine/http engine/fetch")
	may("engine/export", "common engine engine/format")
	may("nbdkit", "common engine engine/export")
	may("tool", "common engine engine/format engine/verity engine/http")
	may("fuse", "common engine engine/export engine/format engine/verity tool")
	may("attach", "common engine/verity tool")
	may("squashfs", "common")
	may("profile", "common engine engine/format engine/store engine/verity squashfs tool")
	may("pack", "common engine/format engine/verity squashfs profile tool")

	# From the top of the way of a read to its bottom.
	n = split("fetch status-snapshot bootstrap speculative-open size-setup admission " \
		"readahead-feed dispatch earlier-image memory-watch completion prefetch-hints revalidation last-pass delivery " \
		"fetch-internal inbox inflight-set hash-thread inflight pending-read", ranks, " ")
	for (i = 1; i <= n; i++)
		rank[ranks[i]] = i

	only("curl/", "engine/http/")
	only("nbdkit", "nbdkit/")
	only("libnbd", "")
	only("fuse", "fuse/session.c")
	only("netlink/", "attach/nbd-netlink.c")
	only("linux/dm-ioctl.h", "attach/dm-device.c")
	only("sqfs/", "squashfs/")
	only("seccomp.h", "tool/sandbox-filter.c")
	only("json-c/", "common/status.c")
	only("zstd.h", "engine/format/frame-decoder.c pack/frame-compressor.c")
	only("openssl/", "engine/verity/ engine/http/ca-bundle.c engine/http/tls-hooks.c")
}

FNR == 1 {
	path = substr(FILENAME, 3)
	folder = folder_of(path)
	files++
	if (!(folder in known))
		wrong(path ": no rule for the folder " folder)
	if (folder == "engine/fetch" && !(module_of(path) in rank))
		wrong(path ": no rank for the module " module_of(path))
}

/^#include </ {
	for (library in owners)
		if (index($0, "#include <" library) == 1) {
			used[library]
			if (!may_use(library, path))
				wrong(path " includes <" library "...>, which is for " owners[library] " alone")
		}
}

/^#include "/ {
	header = substr($2, 2, length($2) - 2)
	other = folder_of(header)
	if (header == "config.h")
		next
	includes++
	if (other != folder && !((folder, other) in allowed))
		wrong(path " includes " header ", and " folder " may not include " other)
	if (other == "engine/fetch" && folder == other && rank[module_of(header)] < rank[module_of(path)])
		wrong(path " includes " header ", which is above it")
}

END {
	for (library in owners)
		if (!(library in used) && library != "libnbd")
			wrong("no file includes <" library "...>: is this test still right?")
	if (files < 100 || includes < 200)
		wrong("only " files + 0 " files with " includes + 0 " includes were read")
	exit status
}' $(find . -name '*.[ch]')
