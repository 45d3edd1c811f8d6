#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Without proxy=, the proxy is that of the environment; no_proxy names the hosts that are asked
# directly, and * names all of them.
. "${srcdir:-..}/tests/lib.sh"
need nginx

# The name is only for the proxy; nginx answers whatever the name is.
make_image image 2
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
export http_proxy="$url1"
plugin_start url="http://origin.invalid/image" roothash="$roothash" profile=none
read_is_right 0 65536 "$dir/image"
plugin_stop

export http_proxy=http://127.0.0.1:1 no_proxy
for no_proxy in 127.0.0.1 '*'; do
	plugin_start url="$url1/image" roothash="$roothash" profile=none
	read_is_right 65536 65536 "$dir/image"
	plugin_stop
done
