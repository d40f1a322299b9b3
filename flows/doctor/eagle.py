"""`doctor` looks at Eagle: does it run, which library is open, can both see each other's files."""

from __future__ import annotations

import asyncio
import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from flows.doctor.findings import Finding, fail, ok, warn
from flows.settings import Settings
from tasks.eagle.client import EagleClient
from tasks.eagle.disk import DiskLibrary
from tasks.eagle.library import EagleLibrary
from tasks.eagle.paths import PathMap
from tasks.eagle.records import LibraryInfo
from tasks.errors import ConfigurationError, EagleError, EagleUnavailable

_TOKEN = "Copy the API token from Eagle's Preferences > Developer and set EAGLE_TOKEN to it."  # noqa: S105  (a sentence)


async def examine_eagle(settings: Settings) -> list[Finding]:
    """Every check of Eagle; errors become findings."""
    if not settings.eagle_enabled:
        return [ok("Eagle", f"EAGLE_API_BASE is off: files go to {settings.out_dir}")]
    path_map, found = _path_map(settings)
    token = settings.eagle_token.get_secret_value()
    async with EagleClient(settings.eagle_api_base, token, path_map) as client:
        try:
            info = await client.application_info()
        except EagleUnavailable as error:
            remedy = "Start Eagle and open your library, or set EAGLE_API_BASE=off."
            return [*found, fail("Eagle", str(error), remedy)]
        except EagleError as error:
            return [*found, fail("Eagle", f"It answers, but refuses us: {error}", _TOKEN)]
        version = f"{info.get('version', 'unknown version')} on {info.get('platform', '?')}"
        found += [ok("Eagle", f"{version}, {settings.eagle_api_base}"), _token(settings)]
        return found + await _library(client, settings)


def _path_map(settings: Settings) -> tuple[PathMap, list[Finding]]:
    try:
        path_map = PathMap.parse(settings.eagle_path_map)
    except ConfigurationError as error:
        return PathMap(), [fail("EAGLE_PATH_MAP", str(error), error.remedy)]
    absent = [here for here, _ in path_map.pairs if not Path(here).expanduser().is_dir()]
    if absent:
        said = f"{', '.join(absent)} is not there on this machine."
        remedy = "Mount the share, or correct the left side of the pair in EAGLE_PATH_MAP."
        return path_map, [warn("EAGLE_PATH_MAP", said, remedy)]
    return path_map, []


def _token(settings: Settings) -> Finding:
    name = "Eagle token"
    if _is_here(settings):
        return ok(name, "not needed on the same machine")
    if settings.eagle_token:
        return ok(name, "accepted")
    return warn(name, "EAGLE_TOKEN is not set, and Eagle is on another machine.", _TOKEN)


async def _library(client: EagleClient, settings: Settings) -> list[Finding]:
    name = "Eagle library"
    try:
        library = await EagleLibrary.open(client, expected_path=settings.eagle_library_path)
    except (ConfigurationError, EagleError) as error:
        return [fail(name, str(error), error.remedy)]
    found = [_identity(library.info, settings)]
    found.append(await asyncio.to_thread(_visibility, client, library.info, settings))
    if not _is_here(settings):
        found.append(_staging(client, settings))
    return found


def _identity(info: LibraryInfo, settings: Settings) -> Finding:
    said = f"{info.name} ({info.path})"
    if settings.eagle_library_path is not None:
        return ok("Eagle library", said)
    remedy = f"Set EAGLE_LIBRARY_PATH={info.path}, so that no other library is ever filled."
    return warn("Eagle library", f"{said}; any library that is open would be taken.", remedy)


def _visibility(client: EagleClient, info: LibraryInfo, settings: Settings) -> Finding:
    name = "Eagle's files"
    here = client.path_map.from_eagle(info.path)
    if DiskLibrary(here).is_readable() or (here / "metadata.json").is_file():
        return ok(name, f"readable at {here}")
    remedy = (
        "Give this program access to the folder (on a Mac: System Settings > Privacy)."
        if _is_here(settings)
        else f"Mount Eagle's disk here and set EAGLE_PATH_MAP=/where/it/is/mounted={info.path}."
    )
    said = f"{here} cannot be read from here: missing AIFFs are downloaded again, paths not known."
    return warn(name, said, remedy)


def _staging(client: EagleClient, settings: Settings) -> Finding:
    """Eagle imports from OUT_DIR, so its machine has to see that folder."""
    name = "OUT_DIR for Eagle"
    mapped = client.path_map.to_eagle(settings.out_dir)
    if mapped != str(settings.out_dir.expanduser().absolute()):
        return ok(name, f"Eagle's machine sees it as {mapped}")
    remedy = f"Share OUT_DIR with it and set EAGLE_PATH_MAP={settings.out_dir}=/its/path/there."
    return warn(name, "Eagle is on another machine and must find OUT_DIR under this path.", remedy)


def _is_here(settings: Settings) -> bool:
    host = urlsplit(settings.eagle_api_base).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
