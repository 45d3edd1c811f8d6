# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""What an administrator asks for. Each is an action for work.Run.change, and returns whether it has changed anything."""
from farroot_fleet import decide, tree
from farroot_fleet.config import Refused


def roll_out(run, version, goal, again, unproven):
    config = run.config
    version = version or tree.channel_version(config.root, config.channel)
    goal = goal or config.groups[-1]
    if version not in run.versions:
        raise Refused("version %s: is not in %s/versions; there are: %s" % (
            version or "none", config.root, " ".join(sorted(run.versions.sizes)) or "none"))
    if goal not in config.groups:
        raise Refused("--to=%s: no such group; the groups are, in their order: %s" % (goal, " ".join(config.groups)))
    old = run.rollout
    if old and old["version"] == version and old["state"] == "stopped" and not again:
        raise Refused("the roll-out of version %s was stopped: %s; farroot fleet rollout --again %s starts it again" % (
            version, old["reason"], version))
    if old and old["version"] != version and old["state"] == "running":
        raise Refused("the roll-out of version %s is not done; farroot fleet stop ends it" % old["version"])
    groups = config.groups[:config.groups.index(goal) + 1]
    if old and old["version"] == version and old["state"] != "stopped":
        if old["goal"] in groups[:-1]:
            old.update(groups=groups, goal=goal, state="running", unproven=int(unproven), reached=min(old["reached"], len(groups) - 1))
            run.say("", "version %s is rolled out to %s" % (version, goal))
            return True
        return False
    if not any(device["stage"] in groups for device in run.devices.values()):
        raise Refused("no device is in the groups %s; %s has all devices" % (" ".join(groups), config.path))
    for device in run.devices.values():
        device["reason"] = ""
        if device["healthy_version"] == version and device["target"] != version:
            # It has to become healthy again.
            device["healthy_version"] = ""
    run.rollout = {"version": version, "groups": groups, "goal": goal, "reached": 0, "state": "running", "reason": "",
                   "unproven": int(unproven), "began": run.now}
    run.say("", "version %s is rolled out to %s" % (version, goal))
    return True


def stop(run, reason):
    if not run.rollout or run.rollout["state"] != "running":
        return False
    decide.stop(list(run.devices.values()), run.rollout, reason)
    run.say("", "the roll-out of version %s stops: %s" % (run.rollout["version"], reason))
    return True


def roll_back(run, names, version):
    changed = False
    if version and version not in run.versions:
        raise Refused("version %s: is not in %s/versions; there are: %s" % (
            version, run.config.root, " ".join(sorted(run.versions.sizes)) or "none"))
    for name in names:
        device = run.devices[run.config.named(name)]
        to = version or device["before"]
        if not to:
            raise Refused("%s: has no version before %s; choose one by --to: %s" % (
                device["name"], device["target"] or "none", " ".join(sorted(run.versions.sizes)) or "none"))
        if to == device["target"]:
            continue
        rollout = run.rollout
        if rollout and rollout["state"] == "running" and rollout["version"] == device["target"]:
            stop(run, "%s was rolled back" % device["name"])
        if device["target"] != to:
            decide.aim(device, to)
        device["reason"] = "rolled back by hand"
        run.say(device["name"], "is to boot version %s: rolled back by hand" % to)
        changed = True
    return changed


def set_rescue(run, names, rescue):
    changed = False
    if rescue and tree.channel_version(run.config.root, run.config.rescue_channel) not in run.versions:
        raise Refused("%s/%s: is no channel of the role publish; publish the rescue system there by publish_channel=%s first" % (
            run.config.root, run.config.rescue_channel, run.config.rescue_channel))
    for name in names:
        device = run.devices[run.config.named(name)]
        if device["rescue"] != int(rescue):
            device.update(rescue=int(rescue), booting=0, failed=0)
            run.say(device["name"], "is to boot the rescue system" if rescue else "is to boot version %s again" % device["target"])
            changed = True
    return changed
