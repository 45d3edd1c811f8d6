# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""What a boot or a beacon means for a device, and when a roll-out goes on or stops. No input and no output.

A device is a dict with the columns of the table devices. A boot is a complete request for boot.img. It has failed if the device asks
for boot.img again, has not become healthy in between, and has not announced a reboot. A device that has never sent a beacon is
unsigned: its boots prove nothing, and nothing is decided by them.

    booting --healthy--> healthy         booting --another boot--> booting, failed + 1
    booting --reboot announced, another boot--> booting
    failed = boots of the configuration: the link goes back to the version before, and the roll-out stops
"""

# Seconds by which the uptime that a device tells may be wrong.
UPTIME_SLACK = 120
DAY = 86400


def is_signed(device):
    return bool(device["has_key"] and device["beacon_time"])


def is_proven(device, version):
    return device["healthy_version"] == version


def is_away(device, now, days):
    return now - max(device["boot_time"], device["beacon_time"]) > days * DAY


def on_boot(device, version, when, same_boot_seconds):
    """The device has got the boot.img of a version; "" if it is not known which. The boot loader may ask for it twice."""
    if device["booting"] and version == device["boot_version"] and abs(when - device["boot_time"]) < same_boot_seconds:
        return
    if device["booting"] and not device["announced"] and device["boot_version"] == device["target"] and is_signed(device):
        device["failed"] += 1
        device["fault"], device["fault_time"] = "boot %d of version %s did not become healthy" % (device["failed"], device["target"]), when
    device.update(boot_version=version, boot_time=when, booting=1, announced=0, boots=device["boots"] + 1, phase="", percent=-1, eta=-1)


def on_beacon(device, fields, when, version_of_roothash):
    """fields: of a message that counts. version_of_roothash(roothash, [preferred version]) is a version or ""."""
    device["beacon_time"] = when
    if 0 <= when - device["boot_time"] < float(fields["uptime"]) - UPTIME_SLACK:
        # It has run since before that request for boot.img, which was of another client.
        device.update(booting=0, failed=0, boot_version=device["healthy_version"])
    event = fields["event"]
    if event == "reboot":
        device["announced"] = 1
        if "late" in fields:
            # That was before the last boot, which has counted.
            device.update(announced=0, failed=max(0, device["failed"] - 1))
        return
    device.update(phase=fields.get("phase", ""), percent=int(fields.get("percent", -1)), eta=int(fields.get("eta", -1)))
    if "fault" in fields:
        device["fault"], device["fault_time"] = fields["fault"], when
    if event != "healthy":
        return
    preferred = [device["boot_version"], device["target"]]
    version = version_of_roothash(fields.get("roothash", ""), preferred)
    if not version:
        return
    device.update(healthy_version=version, healthy_time=when)
    if version == device["boot_version"] or version == device["target"]:
        device.update(booting=0, failed=0)


def why_back(device, now, boots, minutes):
    """Why the link of a device has to go back, or "". minutes: 0 for no limit."""
    version = device["target"]
    if device["rescue"] or not is_signed(device) or is_proven(device, version):
        return ""
    if device["failed"] >= boots:
        return "%d boots of version %s one after another did not become healthy" % (device["failed"], version)
    waits = device["booting"] and not device["announced"] and device["boot_version"] == version
    if minutes and waits and now - device["boot_time"] > minutes * 60:
        return "version %s is not healthy %d minutes after its boot" % (version, minutes)
    return ""


def aim(device, version):
    """The device is to boot that version, and can go back to the one before."""
    if device["target"] == version:
        return
    device.update(before=device["target"], target=version, failed=0, reason="")


def go_back(device, reason):
    device.update(target=device["before"], before="", failed=0, reason=reason)


def members(devices, rollout):
    """The devices of the groups that the roll-out has reached."""
    groups = rollout["groups"][:rollout["reached"] + 1]
    return [device for device in devices if device["stage"] in groups and not device["rescue"]]


def is_held(device, version):
    """It went back from a version, by itself or by hand, and stays there until the next roll-out."""
    return bool(device["reason"]) and device["target"] != version


def pending(devices, rollout, now, away_days):
    """Devices that the roll-out waits for. away_days: 0 also for those that are switched off."""
    return [device for device in members(devices, rollout)
            if is_signed(device) and not is_held(device, rollout["version"]) and not is_proven(device, rollout["version"])
            and not (away_days and is_away(device, now, away_days))]


def stop(devices, rollout, reason):
    """Devices that have not become healthy with the version go back, those that have stay."""
    rollout.update(state="stopped", reason=reason)
    for device in devices:
        if device["target"] == rollout["version"] and device["before"] and not is_proven(device, rollout["version"]):
            go_back(device, device["reason"] or "the roll-out of version %s has stopped" % rollout["version"])


def step(devices, rollout, now, config, is_timed):
    """Changes devices and the roll-out (None if there is none). Returns [(device name or "", what has happened)].

    Without is_timed, nothing is decided by what the clock says.
    """
    news = []
    for device in devices:
        reason = why_back(device, now, config.boots, config.minutes if is_timed else 0)
        if reason:
            news += fail(devices, device, rollout, reason)
    while rollout and rollout["state"] == "running":
        version = rollout["version"]
        for device in members(devices, rollout):
            if device["target"] != version and not is_held(device, version):
                aim(device, version)
                news.append((device["name"], "is to boot version %s" % version))
        proven = [device for device in members(devices, rollout) if is_signed(device) and is_proven(device, version)]
        if pending(devices, rollout, now, config.away_days if is_timed else 0) or not (proven or rollout["unproven"]):
            break
        group = rollout["groups"][rollout["reached"]]
        if group == rollout["goal"]:
            rollout["state"] = "done"
            news.append(("", "the roll-out of version %s is done: %s" % (version, group)))
            break
        rollout["reached"] += 1
        news.append(("", "version %s goes on from %s to %s" % (version, group, rollout["groups"][rollout["reached"]])))
    return news


def fail(devices, device, rollout, reason):
    """What step returns. A device without a version before stays where it is."""
    news, version = [], device["target"]
    if device["before"]:
        go_back(device, reason)
        news.append((device["name"], "back to version %s: %s" % (device["target"], reason)))
    if rollout and rollout["version"] == version and rollout["state"] != "stopped":
        stop(devices, rollout, "%s: %s" % (device["name"], reason))
        news.append(("", "the roll-out of version %s stops: %s" % (version, rollout["reason"])))
    return news
