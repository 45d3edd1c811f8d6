# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# usage: refusing-proxy.py SCHEME PORT_FILE
# A proxy that answers each request, also CONNECT, by 407 with this scheme of authentication.
import http.server
import os
import sys

scheme, port_file = sys.argv[1:]


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def refuse(self):
        self.send_response(407)
        self.send_header("Proxy-Authenticate", scheme + ' realm="x"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_CONNECT = refuse


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
with open(port_file + ".new", "w") as file:
    print(server.server_port, file=file)
os.rename(port_file + ".new", port_file)
server.serve_forever()
