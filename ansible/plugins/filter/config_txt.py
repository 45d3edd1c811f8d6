# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Lines of config.txt for single machines."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
name: config_txt
short_description: Files of a site with lines of config.txt for single machines
description:
  - Each file begins with the filter of the firmware for the serial number of the machine.
  - A machine without lines has no file.
version_added: 1.0.0
author: The rpi-rescue-netboot authors (!UNKNOWN)
options:
  _input:
    description: Machines, with name, serial and config_txt.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: One file
  ansible.builtin.debug:
    msg: "{{ [{'name': 'barn', 'serial': '10000000abcdef01', 'config_txt': ['arm_freq=1200']}] | farroot.rpi.config_txt }}"
"""

RETURN = r"""
_value:
  description: The text of each file, by its path in the site.
  type: dict
"""


def config_txt(machines):
    files = {}
    for machine in machines:
        text = "".join("%s\n" % line for line in machine.get("config_txt") or [])
        if text:
            # The firmware compares 32 bits.
            files["boot/config.txt.d/ansible-%s" % machine["name"]] = "[0x%s]\n%s" % (str(machine["serial"])[-8:].lower(), text)
    return files


class FilterModule(object):
    def filters(self):
        return {"config_txt": config_txt}
