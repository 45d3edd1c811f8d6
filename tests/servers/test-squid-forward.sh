#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Squid as a forward proxy, by proxy=.
. "${srcdir:-..}/tests/servers/lib.sh"
# shellcheck source-path=SCRIPTDIR source=squid.sh
. "$srcdir/tests/servers/squid.sh"

make_served_image
backend_start 1
squid_configure <<EOT
http_port 127.0.0.1:$server_port
EOT
unset no_proxy NO_PROXY
plugin_at() {
	at=$1
	shift
	plugin_start url="$url1/image" proxy="http://127.0.0.1:$at" roothash="$roothash" "$@"
}
judge_server
