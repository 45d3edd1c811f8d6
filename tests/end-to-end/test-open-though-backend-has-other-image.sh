#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# An image is opened, with few requests, although one of the two backends of its origin
# has another image, of the same size or of another one.  If every set-back came after the
# same number of requests, then one backend would answer each question for the size and
# the other one each question for the top of the tree.
. "${srcdir:-..}/tests/end-to-end/round-robin.sh"

seed=2 && make_image same-size 4
seed=3 && make_image other-size 8
seed=1 && make_image image 4
start_backends
for other in same-size other-size; do
	cp "$dir/$other" "$dir/www3/image"
	opens_behind 2 3 8
	opens_behind 3 2 8
done
