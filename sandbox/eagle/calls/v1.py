"""V1's calls on the app, libraries and folders (docs/facts/eagle.md, "V1 calls")."""

from __future__ import annotations

from sandbox.eagle.args import Args, text
from sandbox.eagle.calls.replies import NO_DATA, Handler, Refused
from sandbox.eagle.disk.folders import created_folder, listed_folder
from sandbox.eagle.disk.library import APPLICATION_VERSION
from sandbox.eagle.eagle import EagleApp
from sandbox.eagle.wire import Record


def app_info(_eagle: EagleApp, _args: Args) -> Record:
    """Which Eagle this is; V2 tells the same."""
    known = {"version": APPLICATION_VERSION, "prereleaseVersion": None}
    return known | {"buildVersion": "20260401", "platform": "darwin"}


def _library_info(eagle: EagleApp, _args: Args) -> Record:
    library = eagle.library
    return library.root | {"library": {"path": str(library.path), "name": library.name}}


def _library_switch(eagle: EagleApp, args: Args) -> object:
    eagle.switch_later(text(args.get("libraryPath")))
    return NO_DATA


def _folder_list(eagle: EagleApp, _args: Args) -> list[Record]:
    with eagle.lock:
        return [listed_folder((folder,)) for folder in eagle.library.root["folders"]]


def _folder_create(eagle: EagleApp, args: Args) -> Record:
    name = text(args.get("folderName"))
    if not name:
        raise Refused("Missing required parameters.")
    return created_folder(eagle.add_folder(name, args.get("parent")))


V1_ROUTES: dict[str, dict[str, Handler]] = {
    "/": {"GET": app_info},
    "/api/application/info": {"GET": app_info},
    "/api/library/info": {"GET": _library_info},
    "/api/library/switch": {"POST": _library_switch},
    "/api/folder/list": {"GET": _folder_list},
    "/api/folder/create": {"POST": _folder_create},
}
