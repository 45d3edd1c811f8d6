# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Which messages of machines count.

A beacon is the query of a request, m=MESSAGE&s=SIGNATURE in base64url. The message has lines "KEY VALUE"; ssh-keygen -Y sign made the
signature with the host key of the machine. That key is known, or has a certificate of a host authority for this machine alone. The message names a challenge, which this program publishes and changes: so an old message
does not count, whatever the clocks say. The same message counts once.
"""
import base64
import binascii
import hashlib
import os
import re
import secrets
import subprocess
import tempfile

NAMESPACE = "farroot-beacon"
CERTIFICATE = b"-cert-v01@openssh.com"
FIRST_LINE = "farroot-beacon 1"
EVENTS = ("boot", "status", "healthy", "unhealthy", "reboot")
LARGEST = 4096
CHALLENGE_SECONDS = 600
CHALLENGES_KEPT = 144
# Wrong signatures of one device in one run, after which its other messages of the run are not looked at.
WRONG_MOST = 10
QUERY = re.compile(r"m=([A-Za-z0-9_-]{1,6000}={0,2})&s=([A-Za-z0-9_-]{1,6000}={0,2})\Z")
FIELDS = {
    "device": re.compile(r"[0-9a-f]{8}\Z"),
    "challenge": re.compile(r"[0-9]{1,15} [0-9a-f]{32}\Z"),
    "event": re.compile(r"(?:%s)\Z" % "|".join(EVENTS)),
    # Random, so that no two messages are the same.
    "boot": re.compile(r"[0-9a-f]{32}\Z"),
    "uptime": re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,3})?\Z"),
    "roothash": re.compile(r"(?:[0-9a-f]{64})\Z"),
    "phase": re.compile(r"[a-z]{1,20}\Z"),
    "percent": re.compile(r"(?:100|[0-9]{1,2})\Z"),
    "eta": re.compile(r"[0-9]{1,9}\Z"),
    "late": re.compile(r"yes\Z"),
    "fault": re.compile(r"[ -~]{1,200}\Z"),
}
NEEDED = ("device", "challenge", "event", "boot", "uptime")


class Challenges:
    """Numbers that rise, each with a nonce."""

    def __init__(self, kept):
        self.kept = kept

    def renew(self, now):
        """Also after the clock was set back."""
        if self.kept and 0 <= now - self.kept[-1]["time"] < CHALLENGE_SECONDS:
            return False
        number = self.kept[-1]["number"] + 1 if self.kept else 1
        self.kept = (self.kept + [{"number": number, "nonce": secrets.token_hex(16), "time": now}])[-CHALLENGES_KEPT:]
        return True

    def text(self):
        return "farroot-fleet 1 %d %s\n" % (self.kept[-1]["number"], self.kept[-1]["nonce"])

    def number_of(self, value):
        """The number of a challenge that is kept, else 0."""
        for challenge in reversed(self.kept):
            if value == "%d %s" % (challenge["number"], challenge["nonce"]):
                return challenge["number"]
        return 0

    def oldest(self):
        return self.kept[0]["number"] if self.kept else 0


def decode(query):
    """(message, signature), both bytes, or None."""
    match = QUERY.match(query)
    if not match:
        return None
    try:
        message, signature = (base64.b64decode(text, altchars=b"-_", validate=True) for text in match.groups())
    except (binascii.Error, ValueError):
        return None
    return (message, signature) if len(message) <= LARGEST and len(signature) <= LARGEST else None


def fields_of(message):
    """{key: value} of a message; {} if it is none. Keys that are not known are left out."""
    try:
        lines = message.decode("ascii").split("\n")
    except UnicodeDecodeError:
        return {}
    if lines[0] != FIRST_LINE:
        return {}
    fields = {}
    for line in lines[1:]:
        key, _, value = line.partition(" ")
        if key not in FIELDS:
            continue
        if key in fields or not FIELDS[key].match(value):
            return {}
        fields[key] = value
    return fields if all(key in fields for key in NEEDED) else {}


def key_of(signature):
    """The public key of a signature in the format of OpenSSH: the text SSHSIG, a version, and a string with its length; empty if it is none."""
    if signature[:6] != b"SSHSIG" or len(signature) < 14:
        return b""
    return signature[14:14 + int.from_bytes(signature[10:14], "big")]


class Verifier:
    """Looks at one message after another; the cheap questions come first."""

    def __init__(self, keys, folder, authorities=()):
        """keys: {serial: [public key]}; folder: for the files that ssh-keygen reads; authorities: public keys."""
        self.keys = {serial: lines for serial, lines in keys.items() if lines or authorities}
        self.wrong = {}
        self.folder = tempfile.TemporaryDirectory(prefix="verify.", dir=folder)
        with open(os.path.join(self.folder.name, "allowed"), "w", encoding="ascii") as stream:
            for serial, lines in self.keys.items():
                for option, line in [("", line) for line in lines] + [("cert-authority,", line) for line in authorities]:
                    stream.write('%s %snamespaces="%s" %s\n' % (serial, option, NAMESPACE, " ".join(line.split(" ")[:2])))

    def close(self):
        self.folder.cleanup()

    def check(self, query, challenges, store, device_of):
        """(fields, ""), or ({}, why it does not count). device_of(serial) is its row or None."""
        decoded = decode(query)
        if not decoded:
            return {}, "is no beacon"
        message, signature = decoded
        fields = fields_of(message)
        if not fields:
            return {}, "has a message in another form"
        device = device_of(fields["device"])
        if device is None:
            return {}, "is of an unknown device"
        if fields["device"] not in self.keys:
            return {}, "is of device %s, of which no host key is known" % device["name"]
        number = challenges.number_of(fields["challenge"])
        if not number:
            return {}, "is of device %s, with an old or a wrong challenge" % device["name"]
        if number < device["challenge"]:
            return {}, "is of device %s, older than its last one" % device["name"]
        if self.wrong.get(fields["device"], 0) >= WRONG_MOST:
            return {}, "is not looked at: device %s has had %d wrong signatures" % (device["name"], WRONG_MOST)
        if not self.is_signed(fields["device"], message, signature):
            self.wrong[fields["device"]] = self.wrong.get(fields["device"], 0) + 1
            return {}, "is not signed by device %s" % device["name"]
        if not store.is_new(hashlib.sha256(message).hexdigest(), number):
            return {}, "of device %s has come before" % device["name"]
        device["challenge"] = number
        return fields, ""

    @staticmethod
    def is_for(serial, signature):
        """A signature by a certificate: that must name this machine and no other. ssh-keygen would take one without a name for all."""
        key = key_of(signature)
        if not key.startswith(b"\0\0\0") or CERTIFICATE not in key[:64]:
            return True
        kind = key[4:4 + key[3]].decode("ascii", "replace")
        try:
            shown = subprocess.run(["ssh-keygen", "-L", "-f", "-"], input=("%s %s\n" % (kind, base64.b64encode(key).decode("ascii"))).encode("ascii"),
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=False).stdout.decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            return False
        # Each name is on a line of its own, further in than the lines with a heading.
        names = re.search(r"^ {8}Principals: *\n((?: {16}.*\n)*)", shown, re.M)
        return bool(names) and names.group(1).split("\n") == [" " * 16 + serial, ""]

    def is_signed(self, serial, message, signature):
        if not self.is_for(serial, signature):
            return False
        text = base64.b64encode(signature).decode("ascii")
        lines = [text[at:at + 70] for at in range(0, len(text), 70)]
        path = os.path.join(self.folder.name, "signature")
        with open(path, "w", encoding="ascii") as stream:
            stream.write("-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n" % "\n".join(lines))
        argv = ["ssh-keygen", "-Y", "verify", "-f", os.path.join(self.folder.name, "allowed"), "-I", serial, "-n", NAMESPACE, "-s", path]
        try:
            return subprocess.run(argv, input=message, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
                                  check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return False
