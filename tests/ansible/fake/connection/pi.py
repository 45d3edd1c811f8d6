# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""A connection to the machine of tests/ansible/fake/pi: this machine, but a restart is that of the other."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = """
name: pi
short_description: This machine with another EEPROM
description: As local. Commands that would restart this machine start the other one instead.
author: The rpi-rescue-netboot authors (!UNKNOWN)
"""

import os
import re

from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    transport = "pi"

    def exec_command(self, cmd, in_data=None, sudoable=True):
        cmd = cmd.replace("/proc/sys/kernel/random/boot_id", os.environ["FAKE_PI"] + "/started")
        cmd = re.sub(r"[^ '\"]*/(shutdown|reboot|systemctl)\b", "pi-start", cmd)
        if re.search(r"\b(shutdown|reboot|systemctl|poweroff|halt)\b", re.sub("Restarted for a new boot loader", "", cmd)):
            raise RuntimeError("this command could restart the machine of the test: " + cmd)
        return super(Connection, self).exec_command(cmd, in_data=in_data, sudoable=sudoable)
