# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""The devices of an inventory as farroot fleet reads them."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
name: fleet_devices
short_description: The devices of an inventory as farroot fleet reads them
version_added: 1.0.0
author: The rpi-rescue-netboot authors (!UNKNOWN)
description:
  - Keeps the name, the serial number, the group and the host keys of each device, in the order of the names.
options:
  _input:
    description: The devices.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the devices
  ansible.builtin.debug:
    msg: "{{ [{'name': 'barn', 'serial': '10000000abcdef01', 'address': '192.0.2.11'}] | farroot.rpi.fleet_devices }}"
"""

RETURN = r"""
_value:
  description: The devices, without other keys.
  type: list
  elements: dict
"""


def fleet_devices(devices):
    found = [
        {"name": str(device["name"]), "serial": str(device["serial"]).lower(), "group": str(device.get("group") or "all"),
         "host_keys": [str(key).strip() for key in device.get("host_keys") or []]}
        for device in devices
    ]
    return sorted(found, key=lambda device: device["name"])


class FilterModule(object):
    def filters(self):
        return {"fleet_devices": fleet_devices}
