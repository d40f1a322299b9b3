"""The floor of the end-to-end measurement: yt-dlp and one ffmpeg a track, and no state at all.

`python -m bench.bare_loop FOLDER PROXY WORKERS` reads addresses from standard input. yt-dlp
gets the options that make it quickest here: one transcoding asked for, four fragments at a time.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imageio_ffmpeg
import yt_dlp


def fetch_and_convert(url: str, folder: Path, proxy: str, cache: Path) -> None:
    """The track's WAV and AIFF in the new `folder`."""
    folder.mkdir(parents=True)
    options = {
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "proxy": proxy,
        "nocheckcertificate": True,
        "cachedir": str(cache),
        "extractor_args": {"soundcloud": {"formats": ["hls_aac"]}},
        "concurrent_fragment_downloads": 4,
        "fixup": "never",
        "outtmpl": {"default": f"{folder}/source.%(ext)s"},
    }
    with yt_dlp.YoutubeDL(options) as downloader:
        downloader.download([url])
    source = next(folder.glob("source.*"))
    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = [program, "-v", "error", "-nostdin", "-y", "-i", str(source)]
    subprocess.run([*command, str(folder / "out.wav"), str(folder / "out.aiff")], check=True)


def main() -> None:
    """Every address, so many at a time."""
    folder, proxy, workers = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    urls = sys.stdin.read().split()
    with ThreadPoolExecutor(workers) as pool:
        works = [
            pool.submit(fetch_and_convert, url, folder / str(place), proxy, folder / "cache")
            for place, url in enumerate(urls)
        ]
        for work in works:
            work.result()


if __name__ == "__main__":
    main()
