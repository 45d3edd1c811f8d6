# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Unit tests of the modules eeprom_info, eeprom_plan and eeprom_write, and of what they share, with the
# machine in $FAKE_PI. Each test begins with the machine as it is then.
# usage: eeprom-modules.py FOLDER, with images and keys as test-eeprom-modules.sh makes them
import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

from ansible.module_utils import basic
from ansible_collections.farroot.rpi.plugins.module_utils import eeprom_format as image_format
from ansible_collections.farroot.rpi.plugins.module_utils import eeprom_settings as settings
from ansible_collections.farroot.rpi.plugins.modules import eeprom_info, eeprom_plan, eeprom_write

FOLDER = sys.argv.pop(1)
PI = os.environ["FAKE_PI"]
CHIP = PI + "/chip.bin"
RECORD = "/var/lib/farroot/eeprom.json"
basic.AnsibleModule.log = lambda *unused, **also: None


def read(path):
    with open(path, "rb") as stream:
        return stream.read()


def write(path, contents):
    with open(path, "wb") as stream:
        stream.write(contents)


def digest(path):
    """To compare: a difference of 512 KiB takes unittest some minutes."""
    return hashlib.sha256(read(path)).hexdigest()


def path(name):
    return os.path.join(FOLDER, name)


def run(module, **arguments):
    """What the module returns."""
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    # ansible-core 2.19 also asks how the arguments are written.
    basic._ANSIBLE_PROFILE = "legacy"
    out = io.StringIO()
    signals = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        module.main()
    for number in signals:
        signal.signal(number, signals[number])
    return json.loads(out.getvalue())


class Text(unittest.TestCase):
    """The configuration of the boot loader."""

    def merged(self, text, **wanted):
        return settings.merged(text, wanted)

    def test_a_setting_keeps_its_place(self):
        self.assertEqual(self.merged("[all]\nA=1\n# note\nB=2\n", A="3"), "[all]\nA=3\n# note\nB=2\n")

    def test_nothing_changes(self):
        text = "A=1\n\n[pi4]\nA=1\n[all]\nA=1\n[config.txt]\n[pi4]\nA=5\n"
        self.assertEqual(self.merged(text, A="1"), text)

    def test_the_last_one_counts(self):
        self.assertEqual(self.merged("A=1\nA=2\n", A="3"), "A=1\nA=3\n")

    def test_a_new_setting(self):
        self.assertEqual(self.merged("", A="1"), "[all]\nA=1\n")
        self.assertEqual(self.merged("B=1\n\n", A="1"), "B=1\nA=1\n\n")
        self.assertEqual(self.merged("B=1\n[0x12]\nB=2\n", A="1", C="2"), "B=1\n[0x12]\nB=2\n[all]\nA=1\nC=2\n")

    def test_a_condition_does_not_win(self):
        self.assertEqual(self.merged("A=1\n[0x12]\nA=2\n", A="1"), "A=1\n[0x12]\nA=2\n[all]\nA=1\n")
        self.assertEqual(self.merged("[0x12]\n[all]\nA=2\n", A="1"), "[0x12]\n[all]\nA=1\n")
        self.assertEqual(self.merged("A=1\n[none]\nA=2\n", A="1"), "A=1\n[none]\nA=2\n")

    def test_other_readers(self):
        self.assertEqual(self.merged("[farroot]\nA=1\n", A="2"), "[farroot]\nA=1\n[all]\nA=2\n")
        self.assertEqual(self.merged("B=1\n[config.txt]\nA=1\n[all]\nA=1\n", A="2"), "B=1\nA=2\n[config.txt]\nA=1\n[all]\nA=1\n")
        self.assertEqual(self.merged("[config.txt]\nA=1\n", A="2"), "[all]\nA=2\n[config.txt]\nA=1\n")

    def test_removed(self):
        text = "A=1\nAB=2\n[0x12]\nA=2\n[farroot]\nA=3\n[config.txt]\nA=4\n"
        self.assertEqual(settings.merged(text, {}, ["A"]), "AB=2\n[0x12]\n[farroot]\nA=3\n[config.txt]\nA=4\n")

    def test_what_a_log_may_have(self):
        text = "A=1\n[farroot]\npassword=a=b\nnot a setting\n[all]\nB=2\n"
        self.assertEqual(settings.shown(text), "A=1\n[farroot]\npassword=(not shown)\n(not shown)\n[all]\nB=2\n")

    def test_memory_of_the_firmware(self):
        self.assertEqual(settings.from_bytes(b"A=1\r\nB=2\0\0\0"), "A=1\nB=2\n")
        self.assertEqual(settings.from_bytes(b""), "")

    def test_values(self):
        self.assertEqual(settings.values("A=1\nA=2\n[0x12]\nB=1\n[all]\nC=x=y\n"), {"A": "2", "C": "x=y"})


class Format(unittest.TestCase):
    def test_image(self):
        files = image_format.files_of(read(CHIP))
        self.assertEqual(files["bootconf.txt"], read(path("conf")))
        self.assertEqual(image_format.key_to_pem(image_format.key_in(files["pubkey.bin"])), read(path("owner.pem")).decode())
        self.assertEqual(image_format.date_of(image_format.timestamp_of(read(CHIP))), "2026-05-17")
        self.assertTrue(image_format.is_empty(files["cacert.der"]))
        self.assertEqual(image_format.key_in(bytes(512)), b"")

    def test_key(self):
        key = image_format.key_from_pem(read(path("owner.pem")).decode())
        self.assertEqual(key, read(path("owner.bin")))
        self.assertEqual(image_format.fingerprint(key), hashlib.sha256(read(path("owner.pem"))).hexdigest())
        for text in ("", "-----BEGIN PUBLIC KEY-----\n!!!\n-----END PUBLIC KEY-----", read(path("large.pem")).decode()):
            self.assertRaisesRegex(ValueError, "must be a public RSA key of 2048 bits", image_format.key_from_pem, text)

    def test_damaged(self):
        good = read(CHIP)
        for bad, text in (
            (good[:1000], "1000 bytes"), (bytes(2 << 20), "of a Pi 5"), (b"\x12" * len(good), "no section at byte 0"),
            (bytes(len(good)), "has no bootconf.txt"), (good[:4] + b"\x7f" + good[5:], "longer than the image"),
        ):
            self.assertRaisesRegex(image_format.BadImage, text, image_format.files_of, bad)

    def test_the_last_sector_is_of_the_boot_loader(self):
        good = bytearray(read(CHIP))
        other = bytearray(good)
        other[-1] ^= 1
        self.assertTrue(image_format.is_same(good, other))
        other[5000] ^= 1
        self.assertFalse(image_format.is_same(good, other))


class Machine(unittest.TestCase):
    def setUp(self):
        self.saved = PI + ".saved"
        shutil.copytree(PI, self.saved, symlinks=True)
        self.path = os.environ["PATH"]

    def tearDown(self):
        shutil.rmtree(PI)
        os.rename(self.saved, PI)
        os.environ["PATH"] = self.path
        shutil.rmtree(path("plan"), ignore_errors=True)

    def faults(self, text):
        write(PI + "/faults", text.encode())

    def tree(self, name, contents):
        write(PI + "/root/proc/device-tree/" + name, contents)

    def card(self, device="/dev/mmcblk0p1"):
        os.mkdir(PI + "/boot")
        write(PI + "/root/proc/mounts", ("/dev/nbd0 / squashfs ro 0 0\n%s %s/boot vfat rw 0 0\n" % (device, PI)).encode())

    def without(self, *names):
        """Commands are not installed."""
        os.mkdir(PI + "/bin")
        for name in os.listdir(path("bin")):
            if name not in names:
                os.symlink(os.path.join(path("bin"), name), PI + "/bin/" + name)
        os.environ["PATH"] = PI + "/bin:/usr/bin:/bin"

    def info(self, way="auto"):
        return run(eeprom_info, way=way, copy=path("old.bin"), root=PI + "/root")

    def plan(self, info=None, **more):
        os.makedirs(path("plan"), 0o700, exist_ok=True)
        info = info or self.info()
        chip = {"chip": path("old.bin")} if info["way"] == "flashrom" else {}
        return run(eeprom_plan, info=info, folder=path("plan"), **dict(chip, **more))

    def write_way(self, way="flashrom", **more):
        return run(eeprom_write, way=way, image=path("next.bin"), old=path("old.bin"), root=PI + "/root", **more)


class Info(Machine):
    def test_flashrom(self):
        info = self.info()
        self.assertEqual((info["problem"], info["way"], info["version"], info["minimum"]), ("", "flashrom", "2026-05-17", "1"))
        self.assertEqual((info["key"], info["key_known"], info["restart"]), (read(path("owner.pem")).decode(), True, False))
        self.assertEqual((info["config"], digest(path("old.bin"))), (read(path("conf")).decode(), digest(CHIP)))

    def test_other_machines(self):
        for revision, text in (
            (0xC04170, "is not a Raspberry Pi 4B, 400 or CM4"), (0xA020D3, "is not a Raspberry Pi 4B"), (0xA03150, "Compute Module 4S is not"),
        ):
            self.tree("system/linux,revision", revision.to_bytes(4, "big"))
            self.assertIn(text, self.info()["problem"])
        os.remove(PI + "/root/proc/device-tree/system/linux,revision")
        self.assertIn("is not a Raspberry Pi 4B", self.info()["problem"])
        write(PI + "/root/proc/cpuinfo", b"Hardware\t: BCM2835\nRevision\t: c03130\nSerial\t\t: 1\n")
        self.assertEqual(self.info()["problem"], "")

    def test_commands_instead_of_the_device_tree(self):
        shutil.rmtree(PI + "/root/proc/device-tree/chosen")
        shutil.rmtree(PI + "/root/sys")
        info = self.info("none")
        self.assertEqual((info["problem"], info["version"], info["minimum"], info["key_known"]), ("", "2026-05-17", "", False))
        self.assertEqual(info["config"], read(path("conf")).decode())
        self.without("vcgencmd")
        self.assertIn("the version of the boot loader cannot be read", self.info()["problem"])

    def test_the_configuration_from_another_command(self):
        shutil.rmtree(PI + "/root/sys")
        self.without("vcgencmd")
        os.remove(PI + "/bin/rpi-eeprom-config")
        os.symlink(os.readlink(path("bin/flashrom")), PI + "/bin/rpi-eeprom-config")
        self.assertEqual(self.info("none")["config"], read(path("conf")).decode())
        os.remove(PI + "/bin/rpi-eeprom-config")
        self.assertIn("the configuration of the boot loader cannot be read", self.info("none")["problem"])

    def test_which_way(self):
        self.card()
        self.assertEqual(self.info()["way"], "card")
        self.assertEqual(self.info("flashrom")["way"], "flashrom")
        self.tree("system/linux,revision", bytes.fromhex("00b03140"))
        self.assertEqual(self.info()["way"], "flashrom")
        self.assertIn("eeprom_way: card: a CM4 does not start recovery.bin", self.info("card")["problem"])
        self.without("flashrom")
        self.assertIn("flashrom is not installed; or write it by rpiboot, with the jumper nRPIBOOT", self.info()["problem"])

    def test_no_way(self):
        os.remove(PI + "/root/dev/spidev0.0")
        for text in ("By a card: rpi-eeprom-update -b names no boot partition", "there is no /dev/spidev0.0", "dtparam=spi=on", "spi-gpio40-45"):
            self.assertIn(text, self.info()["problem"])
        self.card("/dev/sda1")
        self.assertIn("is not on an SD card but on /dev/sda1", self.info("card")["problem"])
        os.mkdir(PI + "/root/etc/default")
        write(PI + "/root/etc/default/rpi-eeprom-update", b"BOOTFS=/boot\nRPI_EEPROM_IMMEDIATE_UPDATE=1\n")
        self.assertIn("has the line RPI_EEPROM_IMMEDIATE_UPDATE=1, with which", self.info("card")["problem"])
        self.without("rpi-eeprom-update")
        self.assertIn("rpi-eeprom-update is not installed", self.info("card")["problem"])

    def test_a_chip_that_cannot_be_trusted(self):
        for fault, text in (
            ("noise", "reads other bytes each time"), ("unknown-chip", "does not know the chip"), ("protected", "write-protected (hardware)"),
        ):
            self.faults(fault)
            self.assertIn(text, self.info()["problem"])
        self.faults("")
        write(CHIP, bytes(512 << 10))
        self.assertIn("the EEPROM: has no bootconf.txt", self.info()["problem"])

    def test_the_key_on_a_machine_with_a_card(self):
        self.card()
        self.assertEqual((self.info()["key_known"], self.info()["key"]), (False, ""))
        self.faults("shows-key")
        subprocess.check_call(["pi-start"])
        self.assertEqual((self.info()["key_known"], self.info()["key"]), (True, read(path("owner.pem")).decode()))

    def test_an_old_record_counts_no_more(self):
        self.card()
        os.makedirs(PI + "/root/var/lib/farroot")
        self.tree("chosen/bootloader/update-timestamp", (1790000000).to_bytes(4, "big"))
        for written, known in ((1790000030, True), (1790000600, False)):
            write(PI + "/root" + RECORD, json.dumps({"written": written, "fingerprint": "abc"}).encode())
            self.assertEqual(self.info()["key_known"], known)
        write(PI + "/root" + RECORD, b"damaged")
        self.assertFalse(self.info()["key_known"])


class Plan(Machine):
    def refused(self, text, info=None, **more):
        before = digest(CHIP)
        plan = self.plan(info, **more)
        self.assertIn(text, plan["problem"])
        self.assertEqual((plan["image"], digest(CHIP)), ("", before))

    def key_of(self, name):
        return image_format.key_in(image_format.files_of(read(name))["pubkey.bin"])

    def test_no_difference(self):
        plan = self.plan(settings={"HTTP_HOST": "old.example.org"}, public_key=path("owner.pem"))
        self.assertEqual((plan["problem"], plan["differs"], plan["image"], plan["before"]), ("", False, "", plan["after"]))

    def test_settings(self):
        plan = self.plan(settings={"HTTP_HOST": "new.example.org"}, removed=["SOMETHING_NEW"])
        self.assertEqual((plan["problem"], plan["differs"]), ("", True))
        files, old = image_format.files_of(read(plan["image"])), image_format.files_of(read(CHIP))
        self.assertEqual(files["bootconf.txt"].decode(), read(path("conf")).decode().replace("old.", "new.").replace("SOMETHING_NEW=7\n", ""))
        self.assertEqual({name for name in files if files[name] != old[name]}, {"bootconf.txt"})
        self.assertEqual(os.stat(plan["image"]).st_mode & 0o777, 0o600)
        self.assertIn("HTTP_HOST=new.example.org\n", plan["after"])
        self.assertNotIn("hunter2", plan["before"] + plan["after"])
        self.assertIn("note: SOMETHING_NEW", " ".join(self.plan()["notes"]))

    def test_the_key_stays(self):
        plan = self.plan(image=path("2026-08-04.bin"))
        self.assertEqual((plan["problem"], plan["version"]), ("", "2026-08-04"))
        self.assertEqual(self.key_of(plan["image"]), read(path("owner.bin")))
        self.refused("eeprom_public_key: %s: is not the key in the EEPROM" % path("other.pem"), public_key=path("other.pem"))
        self.refused("eeprom_image: %s: its public key: is not the key" % path("other.bin-image"), image=path("other.bin-image"))

    def test_another_key(self):
        plan = self.plan(public_key=path("other.pem"), replace_key=True)
        self.assertEqual((plan["problem"], plan["differs"]), ("", True))
        self.assertEqual(self.key_of(plan["image"]), read(path("other-key.bin")))
        self.assertEqual(plan["fingerprint"], hashlib.sha256(read(path("other.pem"))).hexdigest())

    def test_the_first_key(self):
        shutil.copy(path("stock.bin"), CHIP)
        self.refused("has no public key, and HTTP boot from your server needs one", settings={"HTTP_HOST": "a"})
        plan = self.plan(public_key=path("owner.pem"))
        self.assertEqual((plan["problem"], self.key_of(plan["image"])), ("", read(path("owner.bin"))))

    def test_a_key_that_is_not_shown(self):
        self.card()
        stock = {"image": path("stock.bin")}
        self.assertFalse(self.plan(**stock)["differs"])
        plan = self.plan(public_key=path("owner.pem"), **stock)
        self.assertEqual((plan["problem"], plan["differs"]), ("", False))
        self.assertIn("does not show which public key", plan["notes"][0])
        self.refused("does not show which public key its EEPROM has", settings={"HTTP_HOST": "a"}, **stock)
        self.refused("eeprom_replace_public_key: true", settings={"HTTP_HOST": "a"}, public_key=path("owner.pem"), **stock)
        plan = self.plan(public_key=path("owner.pem"), replace_key=True, **stock)
        self.assertEqual((plan["problem"], self.key_of(plan["image"])), ("", read(path("owner.bin"))))
        self.refused("eeprom_image is not set: without flashrom", settings={"HTTP_HOST": "a"}, public_key=path("owner.pem"))

    def test_a_key_that_was_written_down(self):
        self.card()
        info = dict(self.info(), key_known=True, fingerprint=hashlib.sha256(read(path("owner.pem"))).hexdigest())
        more = {"image": path("2026-08-04.bin")}
        self.refused("set eeprom_public_key to this key", info, **more)
        self.refused("is not the key in the EEPROM", info, public_key=path("other.pem"), **more)
        plan = self.plan(info, public_key=path("owner.pem"), **more)
        self.assertEqual((plan["problem"], self.key_of(plan["image"])), ("", read(path("owner.bin"))))

    def test_certificate(self):
        plan = self.plan(ca_cert=path("ca.der"))
        self.assertEqual((plan["problem"], plan["differs"]), ("", True))
        shutil.copy(plan["image"], CHIP)
        self.assertFalse(self.plan(ca_cert=path("ca.der"))["differs"])
        # Another version keeps it.
        plan = self.plan(image=path("2026-08-04.bin"))
        self.assertTrue(image_format.files_of(read(plan["image"]))["cacert.der"].startswith(read(path("ca.der"))))

    def test_versions(self):
        shutil.copy(path("2026-08-04.bin"), CHIP)
        subprocess.check_call(["pi-start"])
        self.refused("has a newer boot loader, of 2026-08-04", image=path("stock.bin"), public_key=path("owner.pem"))
        self.assertEqual(self.plan(image=path("stock.bin"), public_key=path("owner.pem"), allow_older=True)["problem"], "")
        self.refused("no such program on the controller", program="farroot-image-of-tomorrow")

    def test_a_board_that_is_too_new(self):
        self.tree("chosen/rpi-min-boot-ver", b"\0\0\0\2")
        self.refused("its MFG_VER is 1, and the board needs at least 2", settings={"HTTP_HOST": "a"})

    def test_what_leaves_it_unreachable(self):
        self.refused("FREEZE_VERSION=1", settings={"FREEZE_VERSION": "1"})
        self.refused("the new configuration: BOOT_ORDER=0xf41: has neither 2", settings={"BOOT_ORDER": "0xf41"})
        self.refused("the EEPROM has room for 4076", settings={"X%d" % number: "y" * 90 for number in range(50)})

    def test_a_signed_configuration(self):
        write(path("signature"), b"signed")
        subprocess.check_call([
            "/usr/bin/python3", os.environ["EEPROM_IMAGE"], CHIP, "bootconf.txt=" + path("conf"), "pubkey.bin=" + path("owner.bin"),
            "bootconf.sig=" + path("signature"),
        ])
        self.refused("is signed (secure boot)", settings={"HTTP_HOST": "a"})

    def test_a_stopped_tool(self):
        self.without("rpi-eeprom-config")
        self.refused("rpi-eeprom-config is not installed", settings={"HTTP_HOST": "a"})


class Write(Machine):
    def setUp(self):
        super().setUp()
        plan = self.plan(settings={"HTTP_HOST": "new.example.org"})
        shutil.copy(plan["image"], path("next.bin"))
        self.old = digest(CHIP)

    def writes(self):
        try:
            return [line.split()[0] for line in read(PI + "/writes").decode().splitlines()]
        except OSError:
            return []

    def test_flashrom(self):
        result = self.write_way(before="a", after="b")
        self.assertTrue(result["changed"])
        self.assertEqual((digest(CHIP), self.writes()), (digest(path("next.bin")), ["16000"]))
        self.assertEqual((result["diff"]["before"], result["diff"]["after"]), ("a", "b"))

    def test_check_mode(self):
        result = self.write_way(_ansible_check_mode=True)
        self.assertEqual((result["changed"], digest(CHIP), self.writes()), (True, self.old, []))

    def test_a_slower_bus(self):
        self.faults("slow-only")
        self.assertTrue(self.write_way()["changed"])
        self.assertEqual((digest(CHIP), self.writes()), (digest(path("next.bin")), ["16000", "8000"]))

    def test_a_session_that_ends(self):
        self.faults("hangup")
        self.assertTrue(self.write_way()["changed"])
        self.assertEqual(digest(CHIP), digest(path("next.bin")))

    def test_a_write_that_fails(self):
        for fault in ("write-refused", "half-of-new"):
            self.faults(fault)
            result = self.write_way()
            self.assertTrue(result["failed"])
            self.assertIn("has its old contents again, which was checked: the machine can be restarted", result["msg"])
            self.assertEqual((result["keep"], digest(CHIP)), (False, self.old))

    def test_a_chip_that_stays_bad(self):
        self.faults("half")
        result = self.write_way(backup="/srv/backup.bin")
        self.assertTrue(result["failed"] and result["keep"])
        for text in (
            "DO NOT RESTART", "Your flash chip is in an unknown state", "flashrom -p linux_spi:dev=/dev/spidev0.0,spispeed=8000 -w " + path("old.bin"),
            "/srv/backup.bin", "rpiboot (CM4)",
        ):
            self.assertIn(text, result["msg"])

    def test_card(self):
        self.card()
        self.assertTrue(self.write_way("card", fingerprint="abc")["changed"])
        self.assertEqual(digest(CHIP), self.old)
        # Before and after the restart.
        for restart in (True, False):
            info = self.info()
            self.assertIn("HTTP_HOST=new.example.org\n", info["config"])
            self.assertEqual((info["restart"], info["key_known"]), (restart, True))
            subprocess.check_call(["pi-start"])
        self.assertEqual((info["key"], info["fingerprint"]), ("", "abc"))
        self.assertTrue(image_format.is_same(read(CHIP), read(path("next.bin"))))

    def test_a_card_that_fails(self):
        self.card()
        for fault, text in (("card-is-full", "Failed to copy to"), ("card-is-bad", "has other bytes than the new image")):
            self.faults(fault)
            result = self.write_way("card")
            self.assertTrue(result["failed"])
            self.assertIn(text, result["msg"])
            self.assertIn("so the EEPROM stays as it is, and the machine can be restarted", result["msg"])
            self.assertEqual(os.listdir(PI + "/boot"), [])
        self.faults("card-at-once")
        result = self.write_way("card")
        self.assertIn("Do not restart the machine before you know", result["msg"])
        self.assertIn("UPDATE SUCCESSFUL", result["msg"])
        self.assertTrue(result["keep"])


unittest.main(verbosity=0)
