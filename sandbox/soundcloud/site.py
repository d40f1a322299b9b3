"""What a downloader sees of soundcloud.com: pages, the script with the client id, short links."""

from __future__ import annotations

from sandbox.soundcloud.catalogue import Catalogue
from sandbox.soundcloud.messages import Answer, Request, html_answer, redirect

ASSET_HOST = "a-v2.sndcdn.com"
_SCRIPTS = ("0-3a1f9c02", "49-7be20d11")


def web_page(request: Request) -> Answer:
    """Every page is the same shell; what it shows is fetched by its scripts."""
    if request.host != "soundcloud.com":
        return redirect(f"https://soundcloud.com{request.path}")
    scripts = "".join(
        f'<script crossorigin src="https://{ASSET_HOST}/assets/{name}.js"></script>'
        for name in _SCRIPTS
    )
    return html_answer(
        "<!DOCTYPE html><html lang='en'><head><title>Stream and listen to music online for free"
        f"</title></head><body><div id='app'></div>{scripts}</body></html>"
    )


def script(catalogue: Catalogue, request: Request) -> Answer:
    """The last of the scripts tells the client id."""
    name = request.path.removeprefix("/assets/").removesuffix(".js")
    if name not in _SCRIPTS:
        return Answer(status=404)
    text = "(self.webpackChunk=self.webpackChunk||[]).push([]);"
    if name == _SCRIPTS[-1] and not catalogue.is_client_id_hidden:
        text = (
            f'{text}var e={{app_version:"1",client_id:"{catalogue.client_id}",env:"production"}};'
        )
    return Answer(
        status=200, body=text.encode(), headers={"Content-Type": "application/javascript"}
    )


def short_link(catalogue: Catalogue, request: Request) -> Answer:
    """A redirect to the track, with the marks of sharing that SoundCloud adds."""
    track = catalogue.linked(request.path.strip("/"))
    if track is None:
        return html_answer("<!DOCTYPE html><title>Not found</title>", 404)
    marks = "utm_source=clipboard&utm_medium=text&utm_campaign=social_sharing"
    return redirect(f"{track.url}?si={catalogue.token(request.path, 32)}&{marks}")
