# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""The configuration, fleet.json, which the role farroot.rpi.fleet writes."""
import json
import os
import re

DEFAULT = "/etc/farroot/fleet.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
SERIAL = re.compile(r"(?:[0-9a-f]{8}){1,2}\Z")
# One line of a file authorized_keys, without options.
HOST_KEY = re.compile(r"(ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa) [A-Za-z0-9+/]{32,2000}={0,3}(?: [ -~]*)?\Z")
LAST_GROUP = "all"
# Folders of the role publish and of this program, beside the channels; publish_channel of that role has the same.
RESERVED = ("config", "images", "versions", "devices", "fleet")


class Refused(Exception):
    """What a user asks for, or has configured, cannot be done. The message says what to do."""


class Config:
    def __init__(self, path, value):
        self.path = path
        self.root = absolute(path, value, "root")
        self.log = absolute(path, value, "log")
        self.state = absolute(path, value, "state")
        self.metrics = absolute(path, value, "metrics") if value.get("metrics") else ""
        self.channel = name(path, value, "channel", "pi")
        self.rescue_channel = name(path, value, "rescue_channel", "rescue")
        self.boots = number(path, value, "boots", 3, 1, 100)
        self.minutes = number(path, value, "minutes", 0, 0, 1000000)
        self.same_boot_seconds = number(path, value, "same_boot_seconds", 30, 0, 3600)
        self.away_days = number(path, value, "away_days", 7, 1, 10000)
        self.devices = devices(path, value.get("devices", []))
        self.host_authorities = authorities(path, value.get("host_authorities", []))
        self.groups = groups(path, value.get("groups", []), self.devices)

    def named(self, wanted):
        """The serial number of a device, by its name or serial number."""
        for device in self.devices:
            if wanted in (device["name"], device["serial"]):
                return device["serial"]
        raise Refused("%s: no such device; %s has: %s" % (
            wanted, self.path, " ".join(device["name"] for device in self.devices) or "none"))


def absolute(path, value, key):
    text = value.get(key)
    if not isinstance(text, str) or not text.startswith("/") or "\0" in text:
        raise Refused("%s: %s: must be an absolute path" % (path, key))
    return text.rstrip("/")


def name(path, value, key, default):
    text = value.get(key, default)
    if not isinstance(text, str) or not re.match(r"[a-z0-9][a-z0-9-]*\Z", text) or text in RESERVED:
        raise Refused("%s: %s: must be the name of a channel of the role publish" % (path, key))
    return text


def number(path, value, key, default, least, most):
    found = value.get(key, default)
    if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
        raise Refused("%s: %s: must be a whole number, %d to %d" % (path, key, least, most))
    return found


def short_serial(text):
    """The 8 hex digits that name the folder of a device; a Pi 4 has 10000000 before them."""
    return text.lower()[-8:]


def devices(path, values):
    found, seen = [], {}
    if not isinstance(values, list):
        raise Refused("%s: devices: must be a list" % path)
    for value in values:
        if not isinstance(value, dict) or not isinstance(value.get("name"), str) or not NAME.match(value["name"]):
            raise Refused("%s: devices: each must have a name of letters, digits, \".\", \"_\" and \"-\"" % path)
        where = "%s: device %s" % (path, value["name"])
        serial, group, keys = value.get("serial"), value.get("group") or LAST_GROUP, value.get("host_keys") or []
        if not isinstance(serial, str) or not SERIAL.match(serial.lower()):
            raise Refused("%s: serial: must be the serial number, 8 or 16 hex digits in quotes" % where)
        if not isinstance(group, str) or not NAME.match(group):
            raise Refused("%s: group: must be the name of a group" % where)
        if not isinstance(keys, list) or not all(isinstance(key, str) and HOST_KEY.match(key) for key in keys):
            raise Refused("%s: host_keys: must be lines as in /etc/ssh/ssh_host_ed25519_key.pub" % where)
        serial = short_serial(serial)
        for used in (value["name"], serial):
            if used in seen:
                raise Refused("%s: has the name or the serial number %s of device %s" % (where, used, seen[used]))
            seen[used] = value["name"]
        found.append({"name": value["name"], "serial": serial, "group": group, "host_keys": keys})
    return found


def authorities(path, values):
    """The public keys that certify host keys for beacons."""
    if not isinstance(values, list) or not all(isinstance(value, str) and HOST_KEY.match(value) for value in values):
        raise Refused("%s: host_authorities: must be lines as in host_ca.pub of the role keys" % path)
    return values


def groups(path, values, known):
    """The groups in the order in which they get a version; all others come with the last one, all."""
    if not isinstance(values, list) or not all(isinstance(value, str) and NAME.match(value) for value in values):
        raise Refused("%s: groups: must be a list of names" % path)
    if len(set(values)) != len(values):
        raise Refused("%s: groups: a name is there twice" % path)
    order = [value for value in values if value != LAST_GROUP] + [LAST_GROUP]
    for device in known:
        if device["group"] not in order:
            raise Refused("%s: device %s: group: %s is not in groups: %s" % (path, device["name"], device["group"], " ".join(order)))
    return order


def read(path):
    try:
        with open(path, encoding="utf-8") as stream:
            value = json.load(stream)
    except OSError as error:
        raise Refused("%s: %s; the role farroot.rpi.fleet writes it, and farroot-fleet(1) explains it" % (path, error.strerror))
    except ValueError as error:
        raise Refused("%s: is not JSON: %s" % (path, error))
    if not isinstance(value, dict):
        raise Refused("%s: must be a JSON object" % path)
    unknown = set(value) - {"root", "log", "state", "metrics", "channel", "rescue_channel", "boots", "minutes", "same_boot_seconds", "away_days",
                            "devices", "groups", "host_authorities"}
    if unknown:
        raise Refused("%s: %s: no such setting" % (path, sorted(unknown)[0]))
    return Config(os.path.abspath(path), value)
