#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Apache as origin, with its event module and the keep-alive of Debian's configuration.
. "${srcdir:-..}/tests/servers/lib.sh"
need apache2

make_served_image
cat >"$dir/apache2.conf" <<EOT
ServerRoot "$dir"
ServerName localhost
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
Listen 127.0.0.1:$server_port
PidFile "$dir/apache2.pid"
DefaultRuntimeDir "$dir"
ErrorLog "$dir/apache2.log"
KeepAlive On
MaxKeepAliveRequests 100
KeepAliveTimeout 5
DocumentRoot "$dir/www"
EOT
if [ "$(id -u)" = 0 ]; then
	echo 'User www-data' >>"$dir/apache2.conf"
	echo 'Group www-data' >>"$dir/apache2.conf"
fi
server_run() {
	launch apache2 -f "$dir/apache2.conf" -DFOREGROUND
}
judge_server
