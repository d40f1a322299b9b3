"""One library during a run, against the stand-in over HTTP: every import happens exactly once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tasks.eagle import imports
from tasks.eagle.client import EagleClient
from tasks.eagle.imports import Patience
from tasks.eagle.library import EagleLibrary
from tasks.eagle.paths import PathMap
from tasks.eagle.pending import PendingImports
from tasks.errors import (
    ConfigurationError,
    EagleImportLost,
    EagleLibraryChanged,
    EagleRefused,
    EagleUnavailable,
    FileError,
    LeaseLost,
)
from tests.tasks.eagle_world import World, eagle_world, key_of

URL = "https://soundcloud.com/mara-lune/glass-harbour"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with eagle_world(tmp_path) as made:
        yield made


class NobodysRow:
    """A lock that lets everything begin."""

    async def begin(self, seconds: float) -> None:
        pass

    def over(self) -> None:
        pass


async def bring_in(library: EagleLibrary, path: Path, **more: Any) -> Any:
    told = {"name": path.stem, "website": URL, "tags": ["deep"], "playlist": "Night"}
    return await library.import_file(path, **told | {"lock": NobodysRow()} | more)


async def test_an_import_ends_in_the_playlists_folder_and_in_the_index(world: World) -> None:
    library = await world.library()
    item = await bring_in(library, world.file())
    folder = await library.folder_for("Night")
    assert item.folders == (folder,)
    assert (item.url, item.tags, item.ext) == (URL, ("deep",), "wav")
    assert library.index.get(item.id) is item
    file = library.file_path(item)
    assert file is not None
    assert file.read_bytes() == world.file().read_bytes()
    (playlists,) = await world.client.folders()
    assert [(playlists.name, [c.name for c in playlists.children])] == [("Playlists", ["Night"])]


async def test_many_imports_at_once_make_each_folder_and_item_once(world: World) -> None:
    """Two workers often have the same track or the same playlist at the same moment."""
    library = await world.library()
    jobs = [
        bring_in(
            library,
            world.file(f"{number}.{ext}"),
            website=f"{URL}-{number}",
            playlist=f"List {number % 2}",
        )
        for number in range(6)
        for ext in ("wav", "aiff")
        for _ in range(2)
    ]
    items = await asyncio.gather(*jobs)
    assert len({item.id for item in items}) == len(world.added()) == 12
    (playlists,) = await world.client.folders()
    assert sorted(child.name for child in playlists.children) == ["List 0", "List 1"]
    assert world.wire.count("item/list") == 1, "one sweep"
    assert world.wire.count("v2/item/get") <= 12, "a look before each import"


async def test_what_another_process_imported_meanwhile_is_adopted(world: World) -> None:
    """A run of hours knows the library as it was when it began, so it looks before it imports."""
    ours, theirs = await world.library(), await world.library()
    first = await bring_in(theirs, world.file())
    assert (await bring_in(ours, world.file())).id == first.id
    assert len(world.added()) == 1


async def test_what_another_process_asked_for_and_did_not_see_is_waited_for(
    world: World, tmp_path: Path
) -> None:
    """A process killed a moment ago left a note; whoever runs already reads it too."""
    world.app.import_delay = (1.0, 1.0)
    ours = await world.library(state_dir=tmp_path / "state")
    theirs = await world.library(state_dir=tmp_path / "state")
    killed = asyncio.create_task(bring_in(theirs, world.file()))
    await world.wire.reached["item/addFromPath"].wait()
    killed.cancel()
    item = await bring_in(ours, world.file())
    assert [added["id"] for added in world.added()] == [item.id]


async def test_a_large_import_of_a_killed_process_is_waited_for_before_its_row_is_begun(
    world: World, tmp_path: Path
) -> None:
    """Its note says how long it may take: longer than a small file would."""
    library = await world.library(state_dir=tmp_path, patience=Patience(seconds=0.05))
    PendingImports(tmp_path / "imports").note((key_of(URL), "wav"), 30.0)
    caught_up = asyncio.create_task(library.catch_up(URL))
    await asyncio.sleep(0.3)
    item = world.app.add_item(None, name="long set", ext="wav", url=URL, size=2000)
    await caught_up
    assert library.index.get(item) is not None


async def test_the_right_one_of_many_folders_of_a_name_is_used(world: World) -> None:
    """Only `Playlists` at the root counts, and only a playlist directly within it."""
    world.app.create_folder("Night")
    elsewhere = world.app.create_folder("Archive")
    world.app.create_folder("Night", world.app.create_folder("Playlists", elsewhere))
    parent = world.app.create_folder("Playlists")
    world.app.create_folder("Night", world.app.create_folder("Other", parent))
    right = world.app.create_folder("Night", parent)
    assert await (await world.library()).folder_for("Night") == right
    assert world.wire.count("folder/create") == 0


async def test_an_item_of_an_earlier_run_is_adopted_and_not_imported_again(world: World) -> None:
    old = world.app.add_item(None, name="x", ext="wav", url=f"{URL}?si=1", tags=["mine"], size=2000)
    library = await world.library()
    item = await bring_in(library, world.file())
    assert item.id == old
    assert item.tags == ("mine", "deep")
    assert item.folders == (await library.folder_for("Night"),)
    assert world.added() == []
    aiff = await bring_in(library, world.file("take.aiff"))
    assert [entry["id"] for entry in world.added()] == [aiff.id]


async def test_a_preview_and_an_item_in_the_trash_are_no_recording(world: World) -> None:
    world.app.add_item(None, name="preview", ext="wav", url=URL, size=300)
    world.app.trash([world.app.add_item(None, name="gone", ext="wav", url=URL, size=2000)])
    await bring_in(await world.library(), world.file())
    assert len(world.added()) == 1


async def test_an_import_whose_answer_was_lost_is_found_before_it_is_repeated(world: World) -> None:
    world.app.import_delay = (0.3, 0.3)
    world.wire.lose_answers["item/addFromPath"] = 1
    library = await world.library()
    item = await bring_in(library, world.file())
    assert [entry["id"] for entry in world.added()] == [item.id]
    assert world.wire.count("item/addFromPath") == 1


async def test_a_process_killed_during_an_import_leaves_it_to_the_next_one(
    world: World, tmp_path: Path
) -> None:
    """The next run reads the library before the item appears, and must not import it again."""
    world.app.import_delay = (0.5, 0.5)
    killed = await world.library(state_dir=tmp_path / "state")
    job = asyncio.create_task(bring_in(killed, world.file()))
    await world.wire.reached["item/addFromPath"].wait()
    await asyncio.sleep(0.05)
    job.cancel()
    successor = await world.library(state_dir=tmp_path / "state")
    assert len(successor.index) == 0
    item = await bring_in(successor, world.file())
    assert [entry["id"] for entry in world.added()] == [item.id]


async def test_an_import_that_was_lost_for_good_is_repeated_after_its_time(world: World) -> None:
    world.wire.lose_answers["item/addFromPath"] = 1
    world.app.lose_imports = 1.0
    library = await world.library(patience=Patience(seconds=0.4))
    began = time.monotonic()
    with pytest.raises(EagleUnavailable) as caught:
        await bring_in(library, world.file())
    assert caught.value.retryable
    assert time.monotonic() - began >= 0.4
    world.app.lose_imports = 0.0
    item = await bring_in(library, world.file())
    assert [entry["id"] for entry in world.added()] == [item.id]


async def test_an_item_that_never_appears_is_an_error(world: World) -> None:
    world.app.lose_imports = 1.0
    library = await world.library(patience=Patience(seconds=0.3))
    with pytest.raises(EagleImportLost, match=r"take\.wav"):
        await bring_in(library, world.file())
    assert len(library.index) == 0


async def test_another_library_stops_imports_before_anything_is_changed(world: World) -> None:
    library = await world.library()
    world.app.switch_library("Other")
    with pytest.raises(EagleLibraryChanged, match="Other"):
        await bring_in(library, world.file())
    assert world.wire.count("item/addFromPath") == 0
    assert world.wire.count("folder/create") == 0


async def test_a_library_switched_during_an_import_is_told_as_that(world: World) -> None:
    world.app.import_delay = (0.2, 0.2)
    library = await world.library(patience=Patience(seconds=0.5))
    job = asyncio.create_task(bring_in(library, world.file()))
    await world.wire.reached["item/info"].wait()
    world.app.switch_library("Other")
    with pytest.raises(EagleLibraryChanged):
        await job


async def test_another_library_than_the_expected_one_is_a_configuration_error(world: World) -> None:
    with pytest.raises(ConfigurationError, match="EAGLE_LIBRARY_PATH") as caught:
        await world.library(expected_path=world.folder / "Mine.library")
    assert "Sandbox.library" in str(caught.value)


async def test_the_expected_library_may_be_named_through_a_map_or_a_link(world: World) -> None:
    real = world.app.library.path
    (world.folder / "link").symlink_to(real)
    await world.library(expected_path=world.folder / "link")
    paths = PathMap.parse(f"/mnt/eagle={real.parent}")
    mapped = Path("/mnt/eagle/Sandbox.library")
    async with EagleClient(world.listener.address, path_map=paths) as client:
        library = await EagleLibrary.open(client, expected_path=mapped, key_of=key_of)
    assert library.info.name == "Sandbox"


async def test_a_refused_or_missing_file_leaves_nothing_behind(world: World) -> None:
    library = await world.library()
    with pytest.raises(FileError):
        await bring_in(library, world.folder / "none.wav")
    odd = PathMap.parse(f"{world.folder}=/nowhere")
    async with EagleClient(world.listener.address, path_map=odd) as client:
        elsewhere = await EagleLibrary.open(client, key_of=key_of)
        with pytest.raises(EagleRefused):
            await bring_in(elsewhere, world.file())
    assert world.added() == []


class Lease:
    """The row's lock: what it was asked for, and when it says no."""

    def __init__(self, world: World, *, refuses_from: int = 99) -> None:
        self.begun: list[tuple[float, int]] = []
        self.is_busy = False
        self._world, self._refuses_from = world, refuses_from

    async def begin(self, seconds: float) -> None:
        self.begun.append((seconds, self._world.wire.count("item/addFromPath")))
        if len(self.begun) >= self._refuses_from:
            raise LeaseLost("no longer ours")
        self.is_busy = True

    def over(self) -> None:
        self.is_busy = False


async def test_a_lost_lease_stops_the_import_at_the_last_moment(world: World) -> None:
    library = await world.library()
    with pytest.raises(LeaseLost):
        await bring_in(library, world.file(), lock=Lease(world, refuses_from=1))
    assert world.wire.count("item/addFromPath") == 0
    await bring_in(library, world.file())


async def test_the_row_is_busy_for_as_long_as_the_import_may_take_and_no_longer(
    world: World,
) -> None:
    library = await world.library(patience=Patience(seconds=2.0, bytes_per_second=1000.0))
    lease = Lease(world)
    await bring_in(library, world.file(content=b"RIFF" * 500), lock=lease)
    assert lease.begun == [(4.0, 0)]
    assert not lease.is_busy


async def test_the_lease_is_looked_at_before_a_second_asking_too(world: World) -> None:
    """Eagle says 500 to what merely failed; minutes may pass before it is asked again."""
    odd = PathMap.parse(f"{world.folder}=/nowhere")
    lease = Lease(world, refuses_from=2)
    async with EagleClient(world.listener.address, path_map=odd) as client:
        library = await EagleLibrary.open(client, key_of=key_of)
        with pytest.raises(LeaseLost):
            await bring_in(library, world.file(), lock=lease)
    assert [asked for _, asked in lease.begun] == [0, 1]
    assert world.wire.count("item/addFromPath") == 1


async def cancelled_import(world: World) -> Lease:
    """The lease of an import that took a second and was cancelled once Eagle was asked."""
    world.app.import_delay = (1.0, 1.0)
    library, lease = await world.library(), Lease(world)
    job = asyncio.create_task(bring_in(library, world.file(), lock=lease))
    await world.wire.reached["item/addFromPath"].wait()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    return lease


async def test_a_cancelled_import_is_seen_before_its_row_is_freed(world: World) -> None:
    lease = await cancelled_import(world)
    assert len(world.added()) == 1
    assert not lease.is_busy


async def test_a_cancelled_import_that_is_not_seen_leaves_the_row_busy(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "_GRACE", 0.2)
    lease = await cancelled_import(world)
    assert lease.is_busy


async def test_adopting_what_is_complete_already_changes_nothing(world: World) -> None:
    library = await world.library()
    item = await bring_in(library, world.file())
    before = len(world.ledger.entries(event="commit"))
    assert await library.adopt(item, tags=["deep"], playlist="Night") == item
    assert len(world.ledger.entries(event="commit")) == before


async def test_a_file_with_characters_eagle_drops_is_found(world: World) -> None:
    library = await world.library()
    item = await bring_in(library, world.file(), name="AB/CD: Why? 🔥 100%", playlist="")
    file = library.file_path(item)
    assert file is not None
    assert file.suffix == ".wav"
    folder = file.parent
    file.rename(folder / "renamed by hand.wav")
    assert library.file_path(item) == folder / "renamed by hand.wav"
    (folder / "renamed by hand.wav").unlink()
    assert library.file_path(item) is None


def test_pending_imports_outlive_the_process_but_not_their_use(tmp_path: Path) -> None:
    now = [1000.0]

    def reopened() -> PendingImports:
        return PendingImports(tmp_path, clock=lambda: now[0])

    first = reopened()
    first.note(("a", "wav"), 60)
    first.note(("b", "wav"), 1200)
    first.strike(("a", "wav"))
    (file,) = tmp_path.glob("*.jsonl")
    with file.open("a") as out:
        out.write(json.dumps({"address": "c"}) + '\n{"addr')
    later = reopened()
    now[0] += 5
    assert later.remaining(("a", "wav")) is None
    assert later.remaining(("b", "wav")) == 1195
    now[0] += 1200
    assert reopened().remaining(("b", "wav")) == 0
    now[0] += 16 * 60
    assert reopened().remaining(("b", "wav")) is None
    first.strike(("b", "wav"))
    assert list(tmp_path.glob("*.jsonl")) == []
