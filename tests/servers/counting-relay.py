#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Passes each TCP connection on to another port, and counts the connections.

usage: counting-relay.py FOLDER PORT

Writes its own port to FOLDER/port, and a line for each connection to FOLDER/connections.
A server that refuses the connection becomes a reset for the client.
"""
import os
import socket
import struct
import sys
import threading

RESET_AT_CLOSE = struct.pack("ii", 1, 0)


def copy(source, target):
    buffer = bytearray(256 << 10)
    view = memoryview(buffer)
    try:
        while True:
            count = source.recv_into(buffer)
            if not count:
                break
            target.sendall(view[:count])
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(client, port):
    try:
        server = socket.create_connection(("127.0.0.1", port))
    except OSError:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        client.close()
        return
    for end in (client, server):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    upwards = threading.Thread(target=copy, args=(client, server))
    upwards.start()
    copy(server, client)
    upwards.join()
    client.close()
    server.close()


def main():
    folder, port = sys.argv[1], int(sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    with open(folder + "/port.new", "w", encoding="ascii") as file:
        print(listener.getsockname()[1], file=file)
    with open(folder + "/connections", "w", encoding="ascii") as connections:
        os.rename(folder + "/port.new", folder + "/port")
        while True:
            client, address = listener.accept()
            print(address[1], file=connections, flush=True)
            threading.Thread(target=serve, args=(client, port), daemon=True).start()


main()
