"""V1's calls on the app, libraries, folders and tags, and the deep links.

Source: docs/facts/eagle.md, "V1 calls".
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sandbox.eagle.args import Args, text
from sandbox.eagle.calls.replies import NO_DATA, Handler, Raw, Redirect, Refused
from sandbox.eagle.calls.tags import count_tags, shown_tags
from sandbox.eagle.disk.folders import COLORS, created_folder, listed_folder, runtime_folder
from sandbox.eagle.disk.library import APPLICATION_VERSION
from sandbox.eagle.eagle import EagleApp
from sandbox.eagle.wire import Record

_MISSING = "Missing required parameters."


def app_info() -> Record:
    """What V2 tells of the app; V1 adds to it."""
    known = {"version": APPLICATION_VERSION, "prereleaseVersion": None}
    return known | {"buildVersion": "20260401", "platform": "darwin"}


def _application(eagle: EagleApp, _args: Args) -> Record:
    shown = eagle.show_collect_modal
    collect = {"showCollectModal": str(shown).lower()}
    return app_info() | {"showCollectModal": shown, "preferences": {"general": collect}}


def library_info(eagle: EagleApp) -> Record:
    """The library's root metadata and which library it is."""
    library = eagle.library
    return library.root | {"library": {"path": str(library.path), "name": library.name}}


def icon_bytes(args: Args) -> bytes:
    """The library's icon; refused in Eagle's words when it has none."""
    icon = Path(text(args.get("libraryPath"))) / "icon.png"
    if not icon.is_absolute() or icon.parent.suffix != ".library" or not icon.is_file():
        raise Refused("Library icon does not exist.")
    return icon.read_bytes()


def _library_info(eagle: EagleApp, _args: Args) -> Record:
    return library_info(eagle)


def _library_history(eagle: EagleApp, _args: Args) -> list[str]:
    return list(eagle.history)


def _library_switch(eagle: EagleApp, args: Args) -> object:
    eagle.switch_later(text(args.get("libraryPath")))
    return NO_DATA


def _library_icon(_eagle: EagleApp, args: Args) -> Raw:
    return Raw(icon_bytes(args), "image/png")


def _folder_list(eagle: EagleApp, _args: Args) -> list[Record]:
    with eagle.lock:
        return [listed_folder((folder,)) for folder in eagle.library.root["folders"]]


def _folder_recent(eagle: EagleApp, _args: Args) -> list[Record]:
    counts = eagle.folder_counts()
    with eagle.lock:
        return [runtime_folder(path, counts) for path in eagle.recent_folders()]


def _folder_create(eagle: EagleApp, args: Args) -> Record:
    name = text(args.get("folderName"))
    if not name:
        raise Refused(_MISSING)
    return created_folder(eagle.add_folder(name, args.get("parent")))


def _folder_rename(eagle: EagleApp, args: Args) -> Record:
    if not text(args.get("newName")):
        raise Refused(_MISSING)
    return _change_folder(eagle, args, {"name": args["newName"]})


def _folder_update(eagle: EagleApp, args: Args) -> Record:
    color = text(args.get("newColor"))
    asked = {"name": text(args.get("newName")), "description": text(args.get("newDescription"))}
    asked |= {"iconColor": color if color in COLORS else ""}
    return _change_folder(eagle, args, {key: value for key, value in asked.items() if value})


def _change_folder(eagle: EagleApp, args: Args, changes: Record) -> Record:
    counts = eagle.folder_counts()
    with eagle.lock:
        path = eagle.folder(args.get("folderId") or args.get("folderID"))
        if path is None:
            raise Refused(_MISSING)
        path[-1].update(changes | {"modificationTime": eagle.now()})
        eagle.save_folders()
        return runtime_folder(path, counts)


def tag_objects(eagle: EagleApp, names: Iterable[str] | None = None) -> list[Record]:
    """Tag objects for `names`, or for every tag that an item has or had."""
    counts = count_tags(item.record for item in eagle.items())
    with eagle.lock:
        chosen = dict.fromkeys([*counts, *eagle.library.history_tags]) if names is None else names
        return shown_tags(chosen, counts, eagle.library.root["tagsGroups"])


def _tag_list(eagle: EagleApp, _args: Args) -> list[Record]:
    return tag_objects(eagle)


def _tag_recent(eagle: EagleApp, _args: Args) -> list[Record]:
    return tag_objects(eagle, eagle.library.history_tags)


def _tag_groups(eagle: EagleApp, _args: Args) -> list[Record]:
    return list(eagle.library.root["tagsGroups"])


def _tag_all(eagle: EagleApp, args: Args) -> Record:
    starred = tag_objects(eagle, eagle.library.starred_tags)
    known = {"tags": tag_objects(eagle), "recent": _tag_recent(eagle, args)}
    return known | {"groups": _tag_groups(eagle, args), "starred": starred}


def _collect_on(eagle: EagleApp, _args: Args) -> object:
    eagle.show_collect_modal = True
    return NO_DATA


def _collect_off(eagle: EagleApp, _args: Args) -> object:
    eagle.show_collect_modal = False
    return NO_DATA


def _folder_link(eagle: EagleApp, args: Args) -> Redirect:
    if not eagle.is_folder(args.get("id")):
        raise Refused("Folder does not exist.", 404)
    return Redirect(f"eagle://folder/{args['id']}")


def _smart_folder_link(eagle: EagleApp, args: Args) -> Redirect:
    if args.get("id") not in [folder.get("id") for folder in eagle.library.root["smartFolders"]]:
        raise Refused("Folder does not exist.", 404)
    return Redirect(f"eagle://smart-folder/{args['id']}")


V1_ROUTES: dict[str, dict[str, Handler]] = {
    "/": {"GET": _application},
    "/api/application/info": {"GET": _application},
    "/api/library/info": {"GET": _library_info},
    "/api/library/history": {"GET": _library_history},
    "/api/library/switch": {"POST": _library_switch},
    "/api/library/icon": {"GET": _library_icon},
    "/api/folder/list": {"GET": _folder_list},
    "/api/folder/listRecent": {"GET": _folder_recent},
    "/api/folder/create": {"POST": _folder_create},
    "/api/folder/rename": {"POST": _folder_rename},
    "/api/folder/update": {"POST": _folder_update},
    "/api/tag/list": {"GET": _tag_list},
    "/api/tag/listRecent": {"GET": _tag_recent},
    "/api/tag/groups": {"GET": _tag_groups},
    "/api/tag/all": {"GET": _tag_all},
    "/api/preferences/collect/on": {"GET": _collect_on},
    "/api/preferences/collect/off": {"GET": _collect_off},
    "/folder": {"GET": _folder_link},
    "/smart-folder": {"GET": _smart_folder_link},
}
