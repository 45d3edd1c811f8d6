#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Writes the EEPROM of a Raspberry Pi, or the files from which it writes the EEPROM at its next start."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: eeprom_write
short_description: Write the EEPROM of a Raspberry Pi 4B, 400 or CM4
description:
  - C(card) has rpi-eeprom-update put the image on the SD card, and checks what is there. The machine writes the EEPROM at its
    next start.
  - C(flashrom) writes the chip and reads it back. If the chip does not get the new contents, the old ones are written again.
  - A connection that is lost does not stop the writing.
version_added: 1.0.0
author:
  - The rpi-rescue-netboot authors (!UNKNOWN)
options:
  way:
    description: How the EEPROM is written.
    type: str
    choices: [card, flashrom]
    required: true
  image:
    description: The new image, on the machine.
    type: path
    required: true
  old:
    description: For C(flashrom), the contents of the chip as eeprom_info read them, on the machine.
    type: path
  backup:
    description: Where the old contents are on the controller, for the message of a failure.
    type: str
    default: ""
  before:
    description: What the EEPROM has, for the difference that is shown.
    type: str
    default: ""
  after:
    description: What it is to have, for the difference that is shown.
    type: str
    default: ""
  fingerprint:
    description: The SHA-256 of the public key in the image, for the record.
    type: str
    default: ""
  device:
    description: The SPI device of the chip.
    type: path
    default: /dev/spidev0.0
  record:
    description: The file for the record of what was written.
    type: path
    default: /var/lib/farroot/eeprom.json
  root:
    description: The folder that has the record. Only a test has another one.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: Writes nothing.
  diff_mode:
    support: full
    description: Shows version, key and configuration, without secrets.
"""

EXAMPLES = r"""
- name: Write the chip
  farroot.rpi.eeprom_write:
    way: flashrom
    image: /root/eeprom/new.bin
    old: /root/eeprom/chip.bin
"""

RETURN = r"""
keep:
  description: The files on the machine are still needed, since the EEPROM has neither the old nor the new contents.
  type: bool
  returned: failure
"""

import json
import os
import re
import signal
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.farroot.rpi.plugins.module_utils import eeprom_format as image_format

# kHz, as rpi-eeprom-update tries them.
SPEEDS = (16000, 8000, 8000)


def read(path):
    with open(path, "rb") as stream:
        return stream.read()


def read_or_none(path):
    try:
        return read(path)
    except (IOError, OSError):
        return None


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip().rstrip(".") if lines else "no message"


class Writer(object):
    def __init__(self, module):
        self.module = module
        self.params = module.params
        self.image = read(self.params["image"])

    def run(self, argv, **environment):
        status, out, err = self.module.run_command(argv, environ_update=dict(environment, LC_ALL="C"))
        return status, out + err

    def flashrom(self, speed, *argv):
        return self.run(["flashrom", "-p", "linux_spi:dev=%s,spispeed=%d" % (self.params["device"], speed)] + list(argv))

    def write_chip(self, path):
        """An empty string if the chip then has the contents of the file, else the last message of flashrom."""
        wanted, back = read(path), self.params["image"] + ".back"
        message = ""
        for speed in SPEEDS:
            status, out = self.flashrom(speed, "-w", path)
            message = last_line(out)
            status_read, out = self.flashrom(speed, "-r", back)
            if status_read == 0 and read_or_none(back) == wanted:
                # flashrom may fail after the last byte.
                return ""
            if status == 0:
                message = "the chip has other bytes than were written" if status_read == 0 else last_line(out)
        return message

    def by_flashrom(self):
        message = self.write_chip(self.params["image"])
        if not message:
            self.write_record(int(time.time()))
            return
        backup = "; the controller has a copy, %s" % self.params["backup"] if self.params["backup"] else ""
        if not self.write_chip(self.params["old"]):
            self.module.fail_json(
                keep=False,
                msg="the EEPROM was not written, and has its old contents again, which was checked: the machine can be restarted. flashrom: %s. "
                "If the EEPROM is write-protected (CM4: pin EEPROM_nWP), remove this first" % message,
            )
        self.module.fail_json(
            keep=True,
            msg="DO NOT RESTART this machine and do not cut its power: the EEPROM has neither the new nor the old contents, and the machine would not "
            "start. flashrom: %s. On the machine, write the old contents again, until flashrom says VERIFIED: flashrom -p linux_spi:dev=%s,spispeed=%d "
            "-w %s%s. If the machine was restarted: an SD card with the image Bootloader of Raspberry Pi Imager (4B, 400) or rpiboot (CM4) brings it "
            "back" % (message, self.params["device"], SPEEDS[-1], self.params["old"], backup),
        )

    def by_card(self):
        status, out = self.run(
            ["rpi-eeprom-update", "-d", "-f", self.params["image"]],
            RPI_EEPROM_IMMEDIATE_UPDATE="0", RPI_EEPROM_USE_FLASHROM="0", STRICT_MIN_VER_CHECK="1",
        )
        if status != 0:
            self.take_back("rpi-eeprom-update -d -f ended with status %d: %s" % (status, last_line(out)))
        folder = self.run(["rpi-eeprom-update", "-b"])[1].strip().split("\n")[-1]
        try:
            image, signature = read(os.path.join(folder, "pieeprom.upd")), read(os.path.join(folder, "pieeprom.sig"))
        except (IOError, OSError):
            self.module.fail_json(
                keep=True,
                msg="rpi-eeprom-update left no pieeprom.upd and pieeprom.sig in %s. Do not restart the machine before you know from its messages whether it "
                "has written the EEPROM: %s" % (folder, " / ".join(out.splitlines()[-5:])),
            )
        if not image_format.is_same(image, self.image):
            self.take_back("%s/pieeprom.upd has other bytes than the new image" % folder)
        os.sync()
        found = re.search(br"^ts: ([0-9]+)", signature, re.M)
        self.write_record(int(found.group(1)) if found else 0)

    def take_back(self, message):
        status, out = self.run(["rpi-eeprom-update", "-r"])
        after = (
            "The files were removed from the card again, so the EEPROM stays as it is, and the machine can be restarted"
            if status == 0 else
            "The files could not be removed from the card (%s): run rpi-eeprom-update -r on the machine before it is restarted" % last_line(out)
        )
        self.module.fail_json(keep=False, msg="the EEPROM will not be written: %s. %s" % (message, after))

    def write_record(self, written):
        """For a machine that does not show its key: eeprom_info compares the time."""
        path = self.params["root"].rstrip("/") + self.params["record"]
        try:
            if not os.path.isdir(os.path.dirname(path)):
                os.makedirs(os.path.dirname(path), 0o755)
            with open(path + ".new", "w") as stream:
                json.dump({"written": written, "fingerprint": self.params["fingerprint"]}, stream)
            os.rename(path + ".new", path)
        except (IOError, OSError) as error:
            self.module.warn("%s: cannot be written: %s; only a machine that shows its public key is then compared by it" % (path, error.strerror))


def main():
    module = AnsibleModule(
        argument_spec=dict(
            way=dict(type="str", choices=["card", "flashrom"], required=True),
            image=dict(type="path", required=True),
            old=dict(type="path"),
            backup=dict(type="str", default=""),
            before=dict(type="str", default=""),
            after=dict(type="str", default=""),
            fingerprint=dict(type="str", default=""),
            device=dict(type="path", default="/dev/spidev0.0"),
            record=dict(type="path", default="/var/lib/farroot/eeprom.json"),
            root=dict(type="str", default=""),
        ),
        required_if=[("way", "flashrom", ("old",))],
        supports_check_mode=True,
    )
    name = "EEPROM, from the next start on"
    diff = {"before": module.params["before"], "after": module.params["after"], "before_header": name, "after_header": name}
    if module.check_mode:
        module.exit_json(changed=True, diff=diff)
    # Half an EEPROM does not start: what ends a session must not end this.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        writer = Writer(module)
        writer.by_card() if module.params["way"] == "card" else writer.by_flashrom()
    except (IOError, OSError) as error:
        module.fail_json(keep=True, msg="%s: %s" % (error.filename, error.strerror))
    module.exit_json(changed=True, diff=diff)


if __name__ == "__main__":
    main()
