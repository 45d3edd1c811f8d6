# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""The fleet as a table, as JSON, and as metrics for Prometheus."""
import json
import time

from farroot_fleet import decide, tree

COLUMNS = ("DEVICE", "GROUP", "BOARD", "LOADER", "BOOTS", "RUNS", "STATE", "PHASE", "%", "ETA", "SEEN", "LAST FAULT")


def state_of(device, now, away_days):
    """One word."""
    if device["rescue"]:
        return "rescue"
    if decide.is_away(device, now, away_days):
        return "away"
    if not decide.is_signed(device):
        return "unsigned"
    if device["booting"]:
        return "failing" if device["failed"] else "booting"
    if device["healthy_version"] != device["target"]:
        return "waits"
    return "healthy"


def span(seconds):
    """About how long, in at most four characters."""
    if seconds < 0:
        return ""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return "%d%s" % (seconds // size, unit)
    return "%ds" % seconds


def summary(store, config, now):
    """All that is known, as a dict for JSON."""
    devices, rescue = [], tree.channel_version(config.root, config.rescue_channel)
    for serial, row in store.devices().items():
        seen = max(row["boot_time"], row["beacon_time"])
        devices.append({
            "name": row["name"], "serial": serial, "group": row["stage"], "state": state_of(row, now, config.away_days),
            "board": row["board"], "loader": row["loader"], "address": row["address"],
            "target": row["target"], "before": row["before"], "booted": row["boot_version"], "healthy": row["healthy_version"],
            "restart": bool(row["boot_version"] or row["rescue"]) and row["boot_version"] != (rescue if row["rescue"] else row["target"]),
            "boots": row["boots"], "failed_boots": row["failed"], "signed": decide.is_signed(row), "phase": row["phase"],
            "percent": row["percent"] if row["percent"] >= 0 else None, "eta_seconds": row["eta"] if row["eta"] >= 0 else None,
            "seen": seen or None, "fault": row["fault"], "fault_time": row["fault_time"] or None, "reason": row["reason"],
        })
    rollout = store.get("rollout")
    if rollout:
        waiting = decide.pending(list(store.devices().values()), rollout, now, config.away_days) if rollout["state"] == "running" else []
        rollout = {
            "version": rollout["version"], "state": rollout["state"], "group": rollout["groups"][rollout["reached"]], "goal": rollout["goal"],
            "reason": rollout["reason"], "began": rollout["began"], "waits_for": [device["name"] for device in waiting],
        }
    return {"rollout": rollout, "devices": devices, "counts": store.get("counts", {}), "last_refused": store.get("last_refused")}


def rollout_line(rollout):
    if not rollout:
        return "no roll-out"
    text = "version %s to %s: %s" % (rollout["version"], rollout["goal"], rollout["state"])
    if rollout["state"] == "running":
        text += ", at %s, waits for %s" % (rollout["group"], " ".join(rollout["waits_for"]) or "a signed beacon of a device")
    return text + (": " + rollout["reason"] if rollout["reason"] else "")


def table(store, config):
    now = time.time()
    known = summary(store, config, now)
    rows = [COLUMNS]
    for device in known["devices"]:
        runs = device["booted"] if device["state"] in ("booting", "failing", "unsigned") else device["healthy"]
        rows.append((
            device["name"], device["group"], device["board"] or "-", device["loader"][:8] or "-", device["target"][:8] or "-", runs[:8] or "-",
            device["state"], device["phase"] or "-", "-" if device["percent"] is None else str(device["percent"]),
            "-" if device["eta_seconds"] is None else span(device["eta_seconds"]),
            span(max(0, now - device["seen"])) if device["seen"] else "never", device["reason"] or device["fault"] or "-"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS) - 1)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)) + "  " + row[-1] for row in rows]
    lines += ["", rollout_line(known["rollout"])]
    refused = known["last_refused"]
    if refused:
        lines.append("%d beacons were refused, the last one %s ago from %s: it %s" % (
            known["counts"].get("refused", 0), span(max(0, now - refused["time"])), refused["address"], refused["why"]))
    return "\n".join(lines) + "\n"


def as_json(store, config):
    return json.dumps(summary(store, config, time.time()), indent=2) + "\n"


def quoted(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def labels(**values):
    return "{%s}" % ",".join("%s=%s" % (key, quoted(str(value))) for key, value in values.items())


# Name, type, help, and the value of a device or None.
DEVICE_METRICS = (
    ("farroot_fleet_device_healthy", "gauge", "1 if the device is healthy with the version that it is to boot",
     lambda device: int(device["state"] == "healthy")),
    ("farroot_fleet_device_boots_total", "counter", "Complete requests for boot.img", lambda device: device["boots"]),
    ("farroot_fleet_device_failed_boots", "gauge", "Boots one after another that did not become healthy", lambda device: device["failed_boots"]),
    ("farroot_fleet_device_present_ratio", "gauge", "How much of its image the device has",
     lambda device: None if device["percent"] is None else device["percent"] / 100),
    ("farroot_fleet_device_eta_seconds", "gauge", "Until the device has all of its image", lambda device: device["eta_seconds"]),
    ("farroot_fleet_device_seen_timestamp_seconds", "gauge", "The last boot or beacon", lambda device: device["seen"]),
)


def as_prometheus(store, config):
    known = summary(store, config, time.time())
    lines = []

    def metric(name, kind, text, samples):
        if samples:
            lines.extend(["# HELP %s %s." % (name, text), "# TYPE %s %s" % (name, kind)])
            lines.extend("%s%s %s" % (name, label, value) for label, value in samples)

    metric("farroot_fleet_device_info", "gauge", "What is known of a device", [
        (labels(device=device["name"], serial=device["serial"], group=device["group"], board=device["board"], loader=device["loader"],
                target=device["target"], runs=device["healthy"], state=device["state"], phase=device["phase"]), 1)
        for device in known["devices"]])
    for name, kind, text, value in DEVICE_METRICS:
        samples = [(labels(device=device["name"]), value(device)) for device in known["devices"]]
        metric(name, kind, text, [(label, number) for label, number in samples if number is not None])
    metric("farroot_fleet_device_fault_timestamp_seconds", "gauge", "The last fault", [
        (labels(device=device["name"], fault=device["fault"]), device["fault_time"]) for device in known["devices"] if device["fault_time"]])
    rollout = known["rollout"]
    if rollout:
        metric("farroot_fleet_rollout_info", "gauge", "The last roll-out", [
            (labels(version=rollout["version"], state=rollout["state"], group=rollout["group"], goal=rollout["goal"]), 1)])
    for key in ("garbage", "refused", "lost"):
        text = {"garbage": "Lines of the log in another form", "refused": "Beacons that do not count", "lost": "Times when lines of the log were lost"}
        metric("farroot_fleet_%s_total" % key, "counter", text[key], [("", known["counts"].get(key, 0))])
    return "\n".join(lines) + "\n"
