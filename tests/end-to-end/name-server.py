#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""A name server for the end-to-end tests.

    name-server.py ADDRESS FILE

Listens on port 53 of ADDRESS, and answers each question for an IPv4 address with what FILE has
now; a silent name server if FILE does not exist.  Then FILE.ready exists.
"""
import os
import socket
import sys

server = socket.socket(type=socket.SOCK_DGRAM)
server.bind((sys.argv[1], 53))
with open(sys.argv[2] + ".ready", "w", encoding="ascii"):
    pass
while True:
    query, client = server.recvfrom(512)
    if not os.path.exists(sys.argv[2]):
        continue
    with open(sys.argv[2], encoding="ascii") as file:
        address = socket.inet_aton(file.read().strip())
    # The question ends with the empty label, a type and a class.
    question = query[12:query.index(b"\0", 12) + 5]
    has_answer = question[-4:-2] == b"\0\1"
    answer = b"\xc0\x0c" + question[-4:] + b"\0\0\0\5" + b"\0\4" + address
    server.sendto(query[:2] + b"\x81\x80\0\1" + (b"\0\1" if has_answer else b"\0\0") + b"\0\0\0\0" +
                  question + (answer if has_answer else b""), client)
