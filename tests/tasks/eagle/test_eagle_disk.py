"""A warm start from the disk: it reads what changed, and never trusts what it cannot prove."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tasks.eagle.disk import DiskLibrary, ItemCache, Remembered
from tasks.eagle.library import EagleLibrary
from tasks.eagle.reading import read_items
from tasks.eagle.records import EagleItem
from tests.tasks.eagle_world import World, eagle_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with eagle_world(tmp_path) as made:
        yield made


async def loaded(world: World) -> EagleLibrary:
    """A library read after Eagle wrote all it had to."""
    with world.app.lock:
        world.app.library.flush()
    world.wire.asked.clear()
    return await world.library(state_dir=world.folder / "state")


def names(library: EagleLibrary) -> list[str]:
    return sorted(item.name for item in library.index)


async def source_of(world: World) -> str:
    folder = world.folder / "state" / "items"
    reading = await read_items(world.client, str(world.app.library.path), folder)
    return reading.source


async def test_a_warm_start_lists_nothing_and_knows_the_same(world: World) -> None:
    for number in range(5):
        world.app.add_item(
            None, name=f"夜 {number}", ext="wav", url=f"u{number}", tags=["a"], duration=1.5, size=9
        )
    cold = await loaded(world)
    warm = await loaded(world)
    assert set(warm.index) == set(cold.index)
    assert len(warm.index) == 5
    assert await source_of(world) == "disk, 0 read anew"
    opening = ["library/info", "library/info", "item/list", "library/info"]
    assert world.wire.asked == [*opening, "item/list"]


async def test_what_changed_meanwhile_is_read_and_nothing_else(world: World) -> None:
    ids = [world.app.add_item(None, name=f"old {n}", ext="wav") for n in range(4)]
    trashed_before = world.app.add_item(None, name="trash", ext="wav")
    world.app.trash([trashed_before])
    await loaded(world)
    await world.client.extend(ids[0], tags=["tagged"])
    world.app.trash([ids[1]])
    world.app.add_item(None, name="new", ext="aiff")
    library = await loaded(world)
    assert names(library) == ["new", "old 0", "old 2", "old 3"]
    assert library.index.get(ids[0]).tags == ("tagged",)  # type: ignore[union-attr]
    assert await source_of(world) == "disk, 0 read anew"


async def test_an_item_whose_folder_is_gone_is_gone(world: World) -> None:
    gone = world.app.add_item(None, name="gone", ext="wav", modification_time=1)
    world.app.add_item(None, name="stays", ext="wav")
    await loaded(world)
    shutil.rmtree(world.app.library.item_folder(gone))
    assert names(await loaded(world)) == ["stays"]


async def test_the_copy_of_another_machine_is_not_taken_for_the_library(world: World) -> None:
    """Eagle's newest item is not in the folder, so Eagle is asked for all."""
    world.app.add_item(None, name="both", ext="wav")
    await loaded(world)
    newest = world.app.add_item(None, name="only in Eagle", ext="wav", modification_time=2**41)
    shutil.rmtree(world.app.library.item_folder(newest))
    assert names(await loaded(world)) == ["both", "only in Eagle"]


async def test_a_damaged_record_or_cache_means_asking_eagle(world: World) -> None:
    item_id = world.app.add_item(None, name="whole", ext="wav")
    await loaded(world)
    (cache,) = (world.folder / "state" / "items").iterdir()
    cache.write_text("[]")
    assert names(await loaded(world)) == ["whole"]
    await world.client.extend(item_id, tags=["x"])
    (world.app.library.item_folder(item_id) / "metadata.json").write_bytes(b"\0" * 50)
    assert names(await loaded(world)) == ["whole"]
    assert world.wire.count("item/list") == 1


async def test_a_library_on_another_machine_is_listed(world: World, tmp_path: Path) -> None:
    world.app.add_item(None, name="there", ext="wav")
    reading = await read_items(world.client, "/nowhere/L.library", tmp_path / "cache")
    assert (reading.source, [item.name for item in reading.items]) == ("Eagle", ["there"])


def test_a_folder_that_is_no_library_is_not_read(tmp_path: Path) -> None:
    assert not DiskLibrary(tmp_path).is_readable()
    (tmp_path / "metadata.json").write_text(json.dumps({"applicationVersion": "4.0.0"}))
    assert not DiskLibrary(tmp_path).is_readable()


def test_the_cache_of_one_library_is_not_used_for_another(tmp_path: Path) -> None:
    item = EagleItem(id="A" * 13, name="夜", ext="wav", tags=("t",), duration=1.25, annotation="n")
    ItemCache(tmp_path, "/a.library").save({item.id: Remembered(item, 7)})
    assert ItemCache(tmp_path, "/a.library").load() == {item.id: Remembered(item, 7)}
    assert ItemCache(tmp_path, "/b.library").load() == {}
    (tmp_path / "file").write_text("")
    ItemCache(tmp_path / "file", "/a.library").save({})
