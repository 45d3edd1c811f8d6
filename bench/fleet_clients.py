# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Light clients for bench/fleet: each repeats the requests of one boot, and keeps nothing.

A trace is the list of requests that one engine has sent, in order, one per line: CONNECTION PATH FIRST-LAST, with "whole" instead of
FIRST-LAST for a whole file.  A client first asks for boot.sig and boot.img, as the boot loader does, then repeats the trace: its
connections side by side, and on each connection one request after the other, without pauses.  An answer counts only if it is exactly
what was asked for.  After a refusal the client waits as the engine does: for Retry-After and up to a tenth more, else for 0.5 s,
doubled each time up to 10 s, of which up to half is left out at random.
"""

import heapq
import random
import re
import selectors
import socket
import time

LINE = re.compile(r"(\d+) (/\S+) (?:(\d+)-(\d+)|whole)\Z")
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
BACKOFF_FIRST_S, BACKOFF_MOST_S = 0.5, 10.0
STALL_S = 60.0
HEAD_MOST = 16384


class Wrong(Exception):
    """A trace that is none."""


def read_trace(path):
    """[[(path, first, last)]] for each connection."""
    connections = {}
    try:
        with open(path, encoding="ascii") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Wrong(f"{path}: cannot be read: {error}") from None
    for number, line in enumerate(lines, 1):
        if line.startswith("#") or not line:
            continue
        match = LINE.match(line)
        if not match or match[3] and int(match[3]) > int(match[4]):
            raise Wrong(f"{path}: line {number}: must be CONNECTION PATH FIRST-LAST: {line[:80]}")
        first, last = (int(match[3]), int(match[4])) if match[3] else (None, None)
        connections.setdefault(match[1], []).append((match[2], first, last))
    if not connections:
        raise Wrong(f"{path}: has no request")
    return list(connections.values())


class Counts:
    """What all clients have sent and received."""

    def __init__(self):
        self.requests = self.refused = self.faults = self.connections = self.body_bytes = 0
        self.wrong = []


class Client:
    """One machine.  Calls of a boot loader come first, then the engine's connections."""

    def __init__(self, loop, number, address, files, trace):
        self.loop, self.number, self.address = loop, number, address
        self.trace, self.backoffs, self.not_before = trace, 0, 0.0
        self.began = time.monotonic()
        self.ended = None
        self.open = 1
        Connection(self, [(path, None, None) for path in files], last=False)

    def connection_done(self, connection):
        self.open -= 1
        if not connection.last:
            self.open += len(self.trace)
            for requests in self.trace:
                Connection(self, requests)
        elif not self.open:
            self.ended = time.monotonic()
            self.loop.left -= 1

    def pause(self, retry_after_s):
        """Decides when the next request may be sent."""
        now = time.monotonic()
        if now < self.not_before:
            # Requests that fail together are one fault.
            if now + retry_after_s > self.not_before:
                self.not_before = now + retry_after_s * random.uniform(1, 1.1)
            return
        wait_s = min(BACKOFF_MOST_S, BACKOFF_FIRST_S * 2 ** min(self.backoffs, 8))
        wait_s -= random.uniform(0, wait_s / 2)
        if retry_after_s > wait_s:
            wait_s = retry_after_s * random.uniform(1, 1.1)
        self.backoffs += 1
        self.not_before = now + wait_s


class Connection:
    """Asks for one thing after the other, and for the rest of an answer that has broken off."""

    def __init__(self, client, requests, last=True):
        self.client, self.requests, self.last = client, list(requests), last
        self.socket = None
        self.at = self.got = 0
        client.loop.later(0.0, self.begin)

    def begin(self):
        """Connects if needed, and sends the next request, but not before the client may."""
        now = time.monotonic()
        if now < self.client.not_before:
            self.client.loop.forget(self)
            self.client.loop.later(self.client.not_before, self.begin)
            return
        if not self.socket:
            self.socket = socket.socket()
            self.socket.setblocking(False)
            self.client.loop.counts.connections += 1
            if self.socket.connect_ex(self.client.address) not in (0, 115):
                self.fault()
                return
        path, first, last = self.requests[self.at]
        words = [f"GET {path} HTTP/1.1", f"Host: {self.client.address[0]}", f"User-Agent: farroot-bench/{self.client.number}"]
        if first is not None:
            words.append(f"Range: bytes={first + self.got}-{last}")
        elif self.got:
            words.append(f"Range: bytes={self.got}-")
        self.out = "\r\n".join(words + ["", ""]).encode("ascii")
        self.head, self.left, self.status, self.retry_after_s = b"", None, 0, 0.0
        self.active = now
        self.client.loop.watch(self, selectors.EVENT_WRITE)

    def on_event(self, buffer):
        self.active = time.monotonic()
        try:
            if self.out:
                sent = self.socket.send(self.out)
                self.out = self.out[sent:]
                if not self.out:
                    self.client.loop.counts.requests += 1
                    self.client.loop.watch(self, selectors.EVENT_READ)
                return
            count = self.socket.recv_into(buffer)
        except BlockingIOError:
            return
        except OSError:
            self.fault()
            return
        if not count:
            self.fault()
            return
        if self.left is None:
            count = self.take_head(bytes(buffer[:count]))
            if count is None:
                return
        self.take_body(count)

    def take_head(self, part):
        """Returns the bytes of the body that came with the head, or None if there is no answer to read."""
        self.head += part
        end = self.head.find(b"\r\n\r\n")
        if end < 0:
            if len(self.head) > HEAD_MOST:
                self.fault("a head that does not end")
            return None
        body = len(self.head) - end - 4
        lines = self.head[:end].split(b"\r\n")
        status = STATUS.match(lines[0])
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
        if not status or not headers.get(b"content-length", b"").isdigit():
            self.fault("an answer without a status or a length")
            return None
        self.status, self.left = int(status[1]), int(headers[b"content-length"])
        if self.status in (200, 206):
            why = self.why_wrong(headers)
            if why:
                self.fault(why)
                return None
        elif headers.get(b"retry-after", b"").isdigit():
            self.retry_after_s = float(headers[b"retry-after"])
        return body

    def why_wrong(self, headers):
        path, first, last = self.requests[self.at]
        begin = (first or 0) + self.got
        if first is None and not self.got:
            return "" if self.status == 200 else f"{path}: status {self.status} for the whole file"
        found = re.fullmatch(rb"bytes (\d+)-(\d+)/(\d+)", headers.get(b"content-range", b""))
        if self.status != 206 or not found:
            return f"{path}: status {self.status} for a range"
        total = int(found[3])
        end = total - 1 if last is None else last
        if (int(found[1]), int(found[2])) != (begin, end) or self.left != end - begin + 1:
            return f"{path}: another range than {begin}-{end}"
        return ""

    def take_body(self, count):
        if count > self.left:
            self.fault("more bytes than Content-Length")
            return
        self.left -= count
        is_good = self.status in (200, 206)
        if is_good:
            self.got += count
            self.client.loop.counts.body_bytes += count
        if self.left:
            return
        if is_good:
            self.client.backoffs = 0
            self.at, self.got = self.at + 1, 0
        else:
            self.client.loop.counts.refused += 1
            self.client.pause(self.retry_after_s)
        if self.at == len(self.requests):
            self.close()
            self.client.connection_done(self)
        else:
            self.begin()

    def close(self):
        if self.socket:
            self.client.loop.forget(self)
            self.socket.close()
            self.socket = None

    def fault(self, why=""):
        """A connection that fails, or an answer that is not what was asked for."""
        self.client.loop.counts.faults += 1
        if why:
            self.client.loop.counts.wrong.append(why)
        self.close()
        self.client.pause(0.0)
        self.client.loop.later(self.client.not_before, self.begin)


class Loop:
    """Runs clients until all are done, or the time is over."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.counts = Counts()
        self.timers, self.order, self.left = [], 0, 0
        self.buffer = memoryview(bytearray(1 << 20))

    def later(self, when, call):
        self.order += 1
        heapq.heappush(self.timers, (when, self.order, call))

    def watch(self, connection, events):
        try:
            self.selector.modify(connection.socket, events, connection)
        except KeyError:
            self.selector.register(connection.socket, events, connection)

    def forget(self, connection):
        try:
            self.selector.unregister(connection.socket)
        except (KeyError, ValueError):
            pass

    def look_for_stalls(self):
        now = time.monotonic()
        for key in list(self.selector.get_map().values()):
            if now - key.data.active > STALL_S:
                key.data.fault()
        self.later(now + STALL_S / 4, self.look_for_stalls)

    def run(self, makers, at_once, limit_s):
        """makers: calls that make a client each, of which at_once run at the same time.  Returns the clients; those
        that have not ended have no ended."""
        clients, waiting = [], list(reversed(makers))
        until = time.monotonic() + limit_s
        self.look_for_stalls()
        while (waiting or self.left) and time.monotonic() < until:
            while waiting and self.left < at_once:
                self.left += 1
                clients.append(waiting.pop()(self))
            now = time.monotonic()
            while self.timers and self.timers[0][0] <= now:
                heapq.heappop(self.timers)[2]()
            pause_s = max(0.0, min(1.0, self.timers[0][0] - time.monotonic())) if self.timers else 1.0
            for key, _ in self.selector.select(pause_s):
                if key.data.socket:
                    key.data.on_event(self.buffer)
        for key in list(self.selector.get_map().values()):
            key.data.close()
        self.selector.close()
        return clients
