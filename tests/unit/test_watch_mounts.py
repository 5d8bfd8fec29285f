"""Which mode a path is watched in, from the kernel's list of mounts."""

from pathlib import Path

import pytest

from daemon.watch.mounts import Mode, file_system, is_remote, mode_of

MOUNTS = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /mnt/share rw - cifs //nas/share rw,vers=3.0
31 30 0:41 / /mnt/share/local rw shared:3 master:1 - xfs /dev/vdb rw
32 22 0:42 / /mnt/with\040space\134x rw - nfs4 nas:/x rw
33 22 0:43 / /data rw - ext4 /dev/vdc rw
34 22 0:44 / /data rw - fuse.sshfs me@there: rw
35 22 0:45 / /odd - rw - ext4 /dev/vdd rw
""".lstrip()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/mnt/share", "cifs"),
        ("/mnt/share/inbox/morph", "cifs"),
        ("/mnt/shared", "ext4"),
        ("/mnt/share/local/inbox", "xfs"),
        ("/mnt/with space\\x/inbox", "nfs4"),
        ("/data/inbox", "fuse.sshfs"),
    ],
)
def test_the_longest_and_latest_mount_decides(path: str, kind: str) -> None:
    assert file_system(MOUNTS, Path(path)) == kind


def test_without_any_mount_nothing_is_known() -> None:
    assert file_system("", Path("/x")) is None
    assert file_system("nonsense\n1 2 3 - x", Path("/x")) is None


@pytest.mark.parametrize(
    "kind", ["cifs", "smb3", "smbfs", "nfs", "nfs4", "fuse", "fuseblk", "fuse.rclone", "9p", "vboxsf"]
)
def test_what_others_write_to_is_polled(kind: str) -> None:
    assert is_remote(kind)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fusectl", "nfsd"])
def test_what_is_local_has_events(kind: str) -> None:
    assert not is_remote(kind)


def test_the_config_wins_over_the_mount(tmp_path: Path) -> None:
    assert mode_of(tmp_path, Mode.POLLED) is Mode.POLLED
    assert mode_of(Path("/nowhere/at/all"), Mode.EVENTS) is Mode.EVENTS


def test_the_mounts_of_this_machine_are_understood(tmp_path: Path) -> None:
    assert mode_of(tmp_path, Mode.AUTO) in {Mode.EVENTS, Mode.POLLED}
