#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""A relay that is near the client and far from the server, as those of satellite links are.

    near-relay.py FOLDER PORT DELAY

Takes a connection at once and passes it on to PORT; what goes either way is DELAY seconds
late. Writes its own port to FOLDER/port.
"""
import asyncio
import os
import sys

folder, port, delay = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
# On their way at the same time.
PIECE_BYTES = 256 << 10
PIECES = 1024


async def read_pieces(reader, queue):
    loop = asyncio.get_running_loop()
    try:
        while piece := await reader.read(PIECE_BYTES):
            await queue.put((loop.time() + delay, piece))
    except OSError:
        pass
    await queue.put((loop.time() + delay, b""))


async def write_pieces(queue, writer):
    loop = asyncio.get_running_loop()
    try:
        while True:
            due, piece = await queue.get()
            await asyncio.sleep(due - loop.time())
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def serve(client_reader, client_writer):
    # The way of SYN and of its answer.
    await asyncio.sleep(2 * delay)
    try:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        client_writer.close()
        return
    ways = []
    for reader, writer in ((client_reader, server_writer), (server_reader, client_writer)):
        queue = asyncio.Queue(PIECES)
        ways += [read_pieces(reader, queue), write_pieces(queue, writer)]
    await asyncio.gather(*ways)


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=PIECE_BYTES)
    with open(folder + "/port.new", "w", encoding="ascii") as file:
        print(server.sockets[0].getsockname()[1], file=file)
    os.rename(folder + "/port.new", folder + "/port")
    await server.serve_forever()


asyncio.run(main())
