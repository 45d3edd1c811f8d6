#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Reads what a Raspberry Pi has in its EEPROM, and how the EEPROM can be written there."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: eeprom_info
short_description: Read the EEPROM of a Raspberry Pi 4B, 400 or CM4
description:
  - Reads the model, the version of the boot loader and its configuration, and the public key in the EEPROM as far as the
    machine shows it.
  - Chooses how the EEPROM can be written. By flashrom, it reads the whole chip.
  - Changes nothing. The configuration may have secrets, so use C(no_log), and then look at the returned C(problem).
version_added: 1.0.0
author:
  - The rpi-rescue-netboot authors (!UNKNOWN)
options:
  way:
    description:
      - How the EEPROM is to be written. C(card) is by files on the SD card, which the machine writes at its next start.
      - C(flashrom) is the chip itself, by SPI.
      - C(auto) is C(card) if there is one, else C(flashrom). C(none) reads only what the running boot loader has.
    type: str
    choices: [auto, card, flashrom, none]
    default: auto
  device:
    description: The SPI device of the chip.
    type: path
    default: /dev/spidev0.0
  copy:
    description: For flashrom, the file for the contents of the chip.
    type: path
  record:
    description: Where eeprom_write writes down which public key it has written.
    type: path
    default: /var/lib/farroot/eeprom.json
  root:
    description: The folder that has /proc, /sys and the others. Only a test has another one.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: Only reads.
  diff_mode:
    support: none
    description: Changes nothing.
"""

EXAMPLES = r"""
- name: Read what the boot loader has
  farroot.rpi.eeprom_info:
    way: none
  register: eeprom
  no_log: true
"""

RETURN = r"""
problem:
  description: Why this machine cannot be worked on, or an empty string.
  type: str
  returned: always
model:
  description: The model, as the device tree has it.
  type: str
  returned: always
serial:
  description: The serial number, 16 hex digits, or an empty string.
  type: str
  returned: always
version:
  description: The version of the boot loader that is stored, such as 2026-05-17. It runs after the next start.
  type: str
  returned: always
timestamp:
  description: The same in seconds since 1970.
  type: int
  returned: always
config:
  description: The configuration that is stored.
  type: str
  returned: always
active_version:
  description: The version of the boot loader that has started the machine.
  type: str
  returned: always
active_config:
  description: The configuration that this boot loader has read.
  type: str
  returned: always
restart:
  description: What is stored is not active yet.
  type: bool
  returned: always
way:
  description: How the EEPROM can be written, card or flashrom.
  type: str
  returned: always
key:
  description: The public key in PEM form, or an empty string.
  type: str
  returned: always
key_known:
  description: The machine shows which public key the EEPROM has, or that it has none.
  type: bool
  returned: always
fingerprint:
  description: The SHA-256 of the public key, if it is known only by this.
  type: str
  returned: always
digest:
  description: The SHA-256 of the stored contents, or of the stored configuration if that is all that is known.
  type: str
  returned: always
minimum:
  description: The number of the oldest boot loader that starts on this board, or an empty string.
  type: str
  returned: always
signed:
  description: The configuration that is stored is signed, for secure boot.
  type: bool
  returned: always
"""

import hashlib
import json
import os
import re
import struct
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.farroot.rpi.plugins.module_utils import eeprom_format as image_format
from ansible_collections.farroot.rpi.plugins.module_utils import eeprom_settings as settings

TREE = "/proc/device-tree"
# rpi-eeprom-update reads it after its environment.
DEFAULTS = "/etc/default/rpi-eeprom-update"
# Bits 4 to 11 of the revision code.
MODELS = {0x11: "Raspberry Pi 4B", 0x13: "Raspberry Pi 400", 0x14: "Compute Module 4", 0x15: "Compute Module 4S"}
SUPPORTED = (0x11, 0x13, 0x14)
CM4 = 0x14
OVERLAYS = (
    "config.txt needs dtparam=spi=on, dtoverlay=audremap and dtoverlay=spi-gpio40-45, and the kernel must be one of Raspberry Pi; "
    "farroot-image boot writes these lines for such a kernel"
)
RPIBOOT = "rpiboot, with the jumper nRPIBOOT set (docs/update-eeprom.md)"
# Seconds between the two times that rpi-eeprom-update writes.
SAME_UPDATE_SECONDS = 60


class Problem(Exception):
    pass


class Machine(object):
    """What the device tree and the commands of the machine tell."""

    def __init__(self, module):
        self.module = module
        self.root = module.params["root"].rstrip("/")
        self.type = None

    def read(self, path):
        try:
            with open(self.root + path, "rb") as stream:
                return stream.read()
        except (IOError, OSError):
            return b""

    def text(self, path):
        return self.read(path).rstrip(b"\0\n").decode("utf-8", "replace")

    def number(self, path):
        """A cell of the device tree, or None."""
        contents = self.read(path)
        return struct.unpack(">L", contents)[0] if len(contents) == 4 else None

    def run(self, *argv):
        """(status, output): 127 if there is no such program."""
        program = self.module.get_bin_path(argv[0])
        if not program:
            return 127, ""
        status, out, err = self.module.run_command([program] + list(argv[1:]), environ_update={"LC_ALL": "C"})
        return status, out + err

    def nvmem(self, alias):
        """The memory that the firmware passes on under this name."""
        node = self.text(TREE + "/aliases/" + alias)
        if not node:
            return b""
        wanted = os.path.realpath(self.root + "/sys/firmware/devicetree/base" + node)
        found = self.nvmem_of(wanted)
        # The driver is a module, which nothing else loads.
        if not found and not self.root and self.run("modprobe", "-q", "nvmem-rmem")[0] == 0:
            time.sleep(1)
            found = self.nvmem_of(wanted)
        return self.read(found) if found else b""

    def nvmem_of(self, wanted):
        devices = "/sys/bus/nvmem/devices"
        for name in sorted(os.listdir(self.root + devices)) if os.path.isdir(self.root + devices) else []:
            if os.path.realpath(os.path.join(self.root + devices, name, "of_node")) == wanted:
                return "%s/%s/nvmem" % (devices, name)
        return ""

    def revision(self):
        number = self.number(TREE + "/system/linux,revision")
        if number is None:
            found = re.search(br"^Revision\s*: ([0-9a-f]+)$", self.read("/proc/cpuinfo"), re.M)
            number = int(found.group(1), 16) if found else None
        return number

    def check_model(self):
        model = self.text(TREE + "/model") or "not a Raspberry Pi"
        revision = self.revision()
        if revision is None or not revision >> 23 & 1 or revision >> 12 & 15 != 3:
            raise Problem("this machine is not a Raspberry Pi 4B, 400 or CM4 (BCM2711): %s; its EEPROM is not changed" % model)
        self.type = revision >> 4 & 0xFF
        if self.type not in SUPPORTED:
            raise Problem("%s is not supported, only a Raspberry Pi 4B, 400 or CM4: its EEPROM is not changed" % MODELS.get(self.type, model))

    def timestamp(self):
        number = self.number(TREE + "/chosen/bootloader/build-timestamp")
        if number is None:
            found = re.search(r"^timestamp ([0-9]+)$", self.run("vcgencmd", "bootloader_version")[1], re.M)
            number = int(found.group(1)) if found else 0
        if not number:
            raise Problem(
                "the version of the boot loader cannot be read: neither %s/chosen/bootloader nor vcgencmd bootloader_version has it; "
                "the firmware (start4.elf) is too old, or vcgencmd is missing" % TREE
            )
        return number

    def updated(self):
        """When the EEPROM was written, in seconds since 1970, or 0."""
        number = self.number(TREE + "/chosen/bootloader/update-timestamp")
        if number is None:
            found = re.search(r"^update-time ([0-9]+)$", self.run("vcgencmd", "bootloader_version")[1], re.M)
            number = int(found.group(1)) if found else 0
        return number

    def config(self):
        contents = self.nvmem("blconfig")
        if contents:
            return settings.from_bytes(contents)
        for argv in (("vcgencmd", "bootloader_config"), ("rpi-eeprom-config",)):
            status, out = self.run(*argv)
            if status == 0 and out.strip():
                return settings.from_bytes(out.encode("utf-8"))
        raise Problem(
            "the configuration of the boot loader cannot be read: no nvmem device has it (alias blconfig, driver nvmem-rmem), and vcgencmd bootloader_config "
            "and rpi-eeprom-config do not print it"
        )

    def boot_folder(self):
        return self.run("rpi-eeprom-update", "-b")[1].strip().split("\n")[-1]

    def mounted_from(self, folder):
        """The device of the file system that has the folder."""
        best, source = "", ""
        for line in self.text("/proc/mounts").splitlines():
            words = line.split(" ")
            if len(words) > 2 and (folder + "/").startswith(words[1].rstrip("/") + "/") and len(words[1]) >= len(best):
                best, source = words[1], words[0]
        return source

    def against_card(self):
        """Why the EEPROM cannot be written by files on a card, or an empty string."""
        if self.type == CM4:
            return "a CM4 does not start recovery.bin from its eMMC"
        if not self.module.get_bin_path("rpi-eeprom-update"):
            return "rpi-eeprom-update is not installed (package rpi-eeprom of Raspberry Pi OS)"
        at_once = re.search(br"^\s*(?:export )?(RPI_EEPROM_(?:IMMEDIATE_UPDATE|USE_FLASHROM)=\"?1)", self.read(DEFAULTS), re.M)
        if at_once:
            return "%s has the line %s, with which rpi-eeprom-update writes the EEPROM at once; remove the line" % (DEFAULTS, at_once.group(1).decode())
        folder = self.boot_folder()
        if not folder or not os.path.isdir(folder):
            return "rpi-eeprom-update -b names no boot partition"
        source = self.mounted_from(folder)
        if not source.startswith("/dev/mmcblk"):
            return "%s is not on an SD card but on %s, from where the machine starts no recovery.bin" % (folder, source or "no disk")
        return ""

    def against_flashrom(self):
        if not self.module.get_bin_path("flashrom"):
            return "flashrom is not installed"
        if not os.path.exists(self.root + self.module.params["device"]):
            return "there is no %s: %s" % (self.module.params["device"], OVERLAYS)
        return ""

    def choose_way(self):
        way = self.module.params["way"]
        card = self.against_card() if way in ("auto", "card") else ""
        if way == "card" and card:
            raise Problem("eeprom_way: card: %s" % card)
        if way == "card" or way == "auto" and not card:
            return "card"
        flashrom = self.against_flashrom()
        if not flashrom:
            return "flashrom"
        if way == "flashrom":
            raise Problem("eeprom_way: flashrom: %s" % flashrom)
        other = "; or write it by " + RPIBOOT if self.type == CM4 else ""
        raise Problem("the EEPROM cannot be written here. By a card: %s. By flashrom: %s%s" % (card, flashrom, other))

    def recorded(self):
        """The fingerprint of the key that was written last, if nothing else was written after it."""
        try:
            record = json.loads(self.text(self.module.params["record"]))
            recent = abs(self.updated() - int(record["written"])) <= SAME_UPDATE_SECONDS
            return str(record["fingerprint"]) if recent else None
        except (ValueError, KeyError, TypeError):
            return None


def flashrom(machine, *argv):
    status, out = machine.run("flashrom", "-p", "linux_spi:dev=%s,spispeed=16000" % machine.module.params["device"], *argv)
    return status, out


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip().rstrip(".") if lines else "no message"


def read_chip(machine):
    """The contents of the chip, which are also at the path copy."""
    path = machine.module.params["copy"]
    previous = None
    # Twice: a bus that is too fast gives other bytes each time.
    for unused in range(2):
        status, out = flashrom(machine, "-r", path)
        if status != 0:
            raise Problem("flashrom cannot read the EEPROM: %s" % last_line(out))
        if re.search(r"^(Found|Assuming) Unknown ", out, re.M):
            raise Problem("flashrom does not know the chip of this EEPROM, so it could damage it: use flashrom of Raspberry Pi OS, or newer than 1.6")
        with open(path, "rb") as stream:
            contents = stream.read()
        if previous is not None and contents != previous:
            raise Problem("flashrom reads other bytes each time: nothing may be written by it; is another program using %s?" % machine.module.params["device"])
        previous = contents
    status, out = flashrom(machine, "--wp-status")
    mode = re.search(r"^Protection mode: (\w+)", out, re.M)
    if status == 0 and mode and mode.group(1) != "disabled" and not re.search(r"^Protection range: .*\(none\)", out, re.M):
        raise Problem(
            "the EEPROM is write-protected (%s). On a CM4 the pin EEPROM_nWP is connected to ground, on a 4B the test point TP5, and "
            "eeprom_write_protect=1 was set when it was written; remove both first" % mode.group(1)
        )
    return contents


def read_image(contents, name):
    try:
        files = image_format.files_of(contents)
    except image_format.BadImage as error:
        raise Problem("%s: %s" % (name, error))
    return files


def stored(machine, result):
    """What the machine has from its next start on."""
    contents = None
    if result["way"] == "flashrom":
        contents, name = read_chip(machine), "the EEPROM"
    elif result["way"] == "card":
        contents, name = pending(machine)
    result["digest"] = hashlib.sha256(result["config"].encode("utf-8") if contents is None else contents).hexdigest()
    if contents is None:
        raw = image_format.key_in(machine.nvmem("blpubkey"))
        if raw:
            result.update(key_known=True, key=image_format.key_to_pem(raw))
        else:
            found = machine.recorded()
            result.update(key_known=found is not None, fingerprint=found or "")
        result.update(signed="SIGNED_BOOT=1" in result["config"].splitlines())
        return
    files = read_image(contents, name)
    raw = image_format.key_in(files.get("pubkey.bin", b""))
    result.update(
        config=settings.from_bytes(files["bootconf.txt"]),
        timestamp=image_format.timestamp_of(contents),
        key_known=True,
        key=image_format.key_to_pem(raw) if raw else "",
        signed=not image_format.is_empty(files.get("bootconf.sig", b"")),
    )


def pending(machine):
    """(contents, name) of the image that the machine writes at its next start, or (None, None)."""
    folder = machine.boot_folder()
    name = os.path.join(folder, "pieeprom.upd")
    try:
        with open(name, "rb") as stream:
            contents = stream.read()
        with open(os.path.join(folder, "pieeprom.sig")) as stream:
            found = re.search(r"^ts: ([0-9]+)", stream.read(), re.M)
    except (IOError, OSError):
        return None, None
    # A card keeps the file after it was written.
    if not found or int(found.group(1)) <= machine.updated():
        return None, None
    return contents, name


def gather(machine, result):
    result["model"] = machine.text(TREE + "/model")
    machine.check_model()
    result["serial"] = machine.text(TREE + "/serial-number")
    minimum = machine.number(TREE + "/chosen/rpi-min-boot-ver")
    result["minimum"] = "" if minimum is None else str(minimum)
    active = machine.timestamp()
    result["config"] = result["active_config"] = machine.config()
    result["timestamp"] = result["active_timestamp"] = active
    if machine.module.params["way"] != "none":
        result["way"] = machine.choose_way()
    stored(machine, result)
    result["version"] = image_format.date_of(result["timestamp"])
    result["active_version"] = image_format.date_of(active)
    result["restart"] = active != result["timestamp"] or result["active_config"].strip() != result["config"].strip()


def main():
    module = AnsibleModule(
        argument_spec=dict(
            way=dict(type="str", choices=["auto", "card", "flashrom", "none"], default="auto"),
            device=dict(type="path", default="/dev/spidev0.0"),
            copy=dict(type="path"),
            record=dict(type="path", default="/var/lib/farroot/eeprom.json"),
            root=dict(type="str", default=""),
        ),
        supports_check_mode=True,
    )
    result = dict(
        changed=False, problem="", model="", serial="", version="", timestamp=0, config="", active_version="", active_config="",
        active_timestamp=0, restart=False, way="", key="", key_known=False, fingerprint="", digest="", minimum="",
        signed=False,
    )
    try:
        gather(Machine(module), result)
    except Problem as error:
        result["problem"] = str(error)
    # Under no_log a failure of the module has no message.
    except Exception as error:
        result["problem"] = "the EEPROM cannot be read: %s: %s" % (type(error).__name__, error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
