#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""An origin that has the faults of real servers, for the end-to-end tests.

    faulty-origin.py FOLDER IMAGE [KEY=VALUE]...

Serves IMAGE as /image.  Writes its port to FOLDER/port, and a line for each request to
FOLDER/requests: seconds, connection, status, path, and "secret" if the request had a
Cookie, an Authorization or an X-Token.  Connections stay open.

    status=CODE         answer with this status and a body ...
    first=N  each=N     ... the first N requests for the image, or each N-th
    retry_after=TEXT    Retry-After of these answers; +N: an HTTP-date N seconds from now
    connections=N       reset each connection beyond N
    huge_header=FROM-TO answers on the connections of these numbers have a header of 40 KiB
    corrupt=FROM-TO     these bytes are wrong, until FOLDER/healed exists
    cut=N               each N-th body ends early, each time at another byte
    etag=flip           another ETag in each answer
    etag=TEXT           this ETag
    etag_prefix=TEXT    before the ETag; backslash escapes are allowed
    total=BYTES         state this size of the image, and send zeroes beyond it
    after_first_s=S     wait before each answer but the first
    profile=FILE        serve this as /image.profile
    profile_status=CODE answer so to the first request for the profile ...
    profile_first=N     ... or the first N; with retry_after=
    profile_endless=yes a profile that never ends, and has no Content-Length
    redirect=URL        302 to URL?SECONDS for each request
    redirect_body=BYTES and its body has this length
    lives=S             what redirect= of another origin named is 403 after S seconds
    range=unknown       Content-Range without the size of the image
    encoding=TEXT       Content-Encoding
    tls=FILE            speak TLS with the certificate and the key of FILE
    client_ca=FILE      want a client certificate of this authority
    tls_version=1.2     the highest version of TLS
    date=SECONDS        Date: this number of seconds from now
    login=FILE          401 for a request without the header line, NAME: VALUE, that FILE has now
"""
import email.utils
import os
import socket
import ssl
import struct
import sys
import threading
import time

folder, image_path = sys.argv[1:3]
options = dict(word.split("=", 1) for word in sys.argv[3:])
with open(image_path, "rb") as file:
    image = file.read()
total = int(options.get("total", len(image)))
tls = None
if "tls" in options:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(options["tls"])
    if "client_ca" in options:
        tls.load_verify_locations(options["client_ca"])
        tls.verify_mode = ssl.CERT_REQUIRED
    if "tls_version" in options:
        tls.maximum_version = ssl.TLSVersion["TLSv" + options["tls_version"].replace(".", "_")]
lock = threading.Lock()
counts = {"image": 0, "profile": 0, "open": 0, "connection": 0}
log = open(f"{folder}/requests", "a", buffering=1)


def count(key, step=1):
    with lock:
        counts[key] += step
        return counts[key]


def body_of(first, last):
    body = bytearray(image[first:last + 1].ljust(last + 1 - first, b"\0"))
    if "corrupt" in options and not os.path.exists(f"{folder}/healed"):
        start, end = (int(word) for word in options["corrupt"].split("-"))
        for i in range(max(start, first), min(end, last + 1)):
            body[i - first] ^= 0xff
    return bytes(body)


def retry_after():
    after = options.get("retry_after", "")
    if after.startswith("+"):
        after = email.utils.formatdate(time.time() + int(after), usegmt=True)
    return [f"Retry-After: {after}"] if after else []


def answer_image(headers, n):
    """Returns status, further header lines, body, and how much of the body is sent."""
    faulty = n <= int(options.get("first", 0)) or ("each" in options and n % int(options["each"]) == 0)
    if faulty:
        return int(options["status"]), retry_after(), b"not now\n" * 20, None
    first, last = (int(word) for word in headers["range"].split("=")[1].split("-"))
    last = min(last, total - 1)
    size = "*" if options.get("range") == "unknown" else str(total)
    lines = [f"Content-Range: bytes {first}-{last}/{size}"]
    if "encoding" in options:
        lines.append("Content-Encoding: " + options["encoding"])
    if "etag" in options:
        prefix = options.get("etag_prefix", "").encode().decode("unicode_escape")
        tag = prefix + (str(n) if options["etag"] == "flip" else options["etag"])
        lines.append(f'ETag: "{tag}"')
    body = body_of(first, last)
    sent = None
    if "cut" in options and n % int(options["cut"]) == 0:
        sent = 1 + n * 7919 % (len(body) - 1)
    if n > 1:
        time.sleep(float(options.get("after_first_s", 0)))
    return 206, lines, body, sent


def may_enter(headers):
    with open(options["login"], encoding="latin-1") as file:
        name, _, value = file.readline().strip().partition(": ")
    return headers.get(name.lower()) == value


def answer(path, headers):
    query = path.partition("?")[2]
    if "login" in options and not may_enter(headers):
        return 401, [], b"who are you?\n", None
    if path.startswith("/image.profile"):
        if "profile" not in options:
            return 404, [], b"", None
        if "profile_status" in options and count("profile") <= int(options.get("profile_first", 1)):
            return int(options["profile_status"]), retry_after(), b"", None
        with open(options["profile"], "rb") as file:
            return 200, [], file.read(), None
    if "redirect" in options:
        body = b"e" * int(options.get("redirect_body", 10))
        return 302, [f"Location: {options['redirect']}?{time.time():.6f}"], body, None
    if "lives" in options and time.time() > float(query or 0) + float(options["lives"]):
        return 403, [], b"", None
    return answer_image(headers, count("image"))


def read_request(stream):
    line = stream.readline().decode("latin-1")
    if not line:
        return None, None
    headers = {}
    for text in iter(lambda: stream.readline().decode("latin-1").strip(), ""):
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    return line.split()[1], headers


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def is_huge(number):
    start, _, end = options.get("huge_header", "0-0").partition("-")
    return int(start) <= number <= int(end)


def serve(client, number):
    stream = client.makefile("rb")
    while True:
        path, headers = read_request(stream)
        if path is None:
            return
        if path.startswith("/image.profile") and "profile_endless" in options:
            log.write(f"{time.time():.3f} {number} 200 {path} -\n")
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                client.sendall(b"4096 8192\n" * 1000)
        status, lines, body, sent = answer(path, headers)
        secret = "secret" if {"cookie", "authorization", "x-token"} & set(headers) else "-"
        log.write(f"{time.time():.3f} {number} {status} {path} {secret}\n")
        head = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}"] + lines
        if is_huge(number):
            head += [f"X-Policy-{i}: {'p' * 1000}" for i in range(40)]
        if "date" in options:
            head.append("Date: " + email.utils.formatdate(time.time() + int(options["date"]), usegmt=True))
        client.sendall("\r\n".join(head + ["", ""]).encode("latin-1") + body[:sent])
        if sent is not None:
            return


def connection(client):
    number = count("connection")
    try:
        if count("open") > int(options.get("connections", 1 << 30)):
            reset(client)
        elif tls:
            serve(tls.wrap_socket(client, server_side=True), number)
        else:
            serve(client, number)
    except OSError:
        pass
    count("open", -1)
    client.close()


def main():
    server = socket.create_server(("127.0.0.1", 0), backlog=200)
    with open(f"{folder}/port.new", "w", encoding="ascii") as file:
        file.write(str(server.getsockname()[1]))
    os.rename(f"{folder}/port.new", f"{folder}/port")
    while True:
        client = server.accept()[0]
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=connection, args=(client,), daemon=True).start()


main()
