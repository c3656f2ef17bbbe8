"""
One HTML page that holds its map, its data and its programs, and asks the network for nothing.

folium makes the shell and nothing else: branca renders every text a second time as a template, so
no text from data ever passes through it. Data go in afterwards as inert JSON; the browser shows
them with `textContent`; the page's own policy lets only the scripts run whose hashes it names.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from typing import Protocol

from infraplan import atomic
from infraplan.errors import InfraplanError
from infraplan.errors import SettingsError
from infraplan.maps.basemap import base_map_entry
from infraplan.maps.layers import VectorLayer
from infraplan.maps.palette import BACKDROP
from infraplan.maps.palette import SEA
from infraplan.maps.projection import plan_projection
from infraplan.maps.sheet import PAPERS
from infraplan.maps.sheet import PHONE
from infraplan.maps.sheet import Drawings
from infraplan.maps.still import picture_of
from infraplan.remembered import remembered
from infraplan.text import Words
from infraplan.text import words

__all__ = ["Facts", "Layer", "MapPage", "Swipe", "Table", "build_page"]

LARGEST_INLINE_MB = 5.0
INSIDE = "NOI-BO_"  # begins the name of a file that must stay inside the office
LINKED = "infraplan-maps"  # folder of the pages that are too large to show in a notebook
SCRIPTS = (
    "unpack.js",
    "projection.js",
    "geodesy.js",
    "parts.js",
    "features.js",
    "clusters.js",
    "paint.js",
    "tiles.js",
    "classes.js",
    "rasters.js",
    "telling.js",
    "search.js",
    "filters.js",
    "panel.js",
    "layout.js",
    "coordinates.js",
    "measure.js",
    "places.js",
    "popups.js",
    "swipe.js",
    "finding.js",
    "printing.js",
    "summary.js",
    "table.js",
    "colours.js",
    "keys.js",
    "page.js",
)
OF_CARDS = ("charts.js", "cards.js")
OF_CHOICES = ("streets.js",)
OF_BASE = ("basemap.js",)
DEFAULT_CRS = "EPSG:9209"
MARK = "infraplan"
PLAIN_STYLE = (  # the place of the map would be a page of white
    ".folium-map{display:none}.ip-plain{max-width:1100px;margin:auto;line-height:1.45}"
    ".ip-plain h1{margin:0;color:#17375e}.ip-plain h2{font-size:1.1em;color:#17375e}"
    ".ip-plain strong{background:#ffe6a8;color:#9c0006;padding:3px 8px}"
    ".ip-plain table{border-collapse:collapse;display:block;overflow-x:auto}"
    ".ip-plain th,.ip-plain td{border-bottom:1px solid #d8dde3;padding:4px 10px 4px 0;"
    "text-align:left;font-weight:400}.ip-plain th{color:#5a6675}.ip-plain summary{padding:6px 0}"
)
PICTURE_STYLE = "display:block;width:100%;max-width:1100px;height:auto;border:1px solid #1c2733"


class Layer(Protocol):
    """Anything that can be drawn: see `layers` and `rasters`."""

    @property
    def name(self) -> str:
        """Id of the layer."""

    def packed(self, words: Words) -> dict[str, Any] | None:
        """Return the layer as the page carries it, None where there is nothing to draw."""


@dataclass(frozen=True, slots=True)
class Table:
    """
    A small table that the page prints beside the map, its cells already in words.

    `by_area` says that its rows are areas, none of which speaks for the whole.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    open: bool = True
    by_area: bool = False


@dataclass(frozen=True, slots=True)
class Swipe:
    """Two sides of a divider over the map: names of layers, and what the label of each says."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    left_label: str
    right_label: str


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What the page says in words.

    `headline` says in one line what the colours mean, `as_of` of which days the data are.
    `published` are the office's own tables, long ones, that a reader opens and enlarges; they are
    not printed with the map. `warning` is printed over the map and on every print (synthetic
    input), and `restricted` where the file must stay inside the office; `definition` says what the
    figures mean; `sources` name the data, their licences and their days; `credit` is the line at
    the foot of the map, all sources where it is empty; `frame` names the layer that the page opens
    at, all layers where it is empty. `cards` is a batch with a card for each of its requests, see
    `infraplan.maps.cards`; `choices` are the streets of an undergrounding plan to tick, see
    `infraplan.maps.choices`; a page without them carries none of their programs. `swipes` are
    pairs of layers that lie left and right of a divider. `summary` is what the sums of the view
    need beside the layers, see `infraplan.maps.summary`. `base_map` is the address of a base map's
    tiles on the network and `base_credit` whose it is; without them a page names no address and
    may load none.
    """

    title: str
    subtitle: str = ""
    headline: str = ""
    as_of: str = ""
    restricted: str = ""
    warning: str = ""
    tables: tuple[Table, ...] = ()
    published: tuple[Table, ...] = ()
    definition: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    credit: str = ""
    frame: str = ""
    cards: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, Any] = field(default_factory=dict)
    swipes: tuple[Swipe, ...] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)
    base_map: str = ""
    base_credit: str = ""


@dataclass(frozen=True, slots=True)
class MapPage:
    """
    A finished page: `html` is all of it, `drawings` what it looks like without a browser.

    `layers`, `facts` and `crs` are what it was built from, so that more may be added to it.
    """

    html: str
    language: str = "vi"
    drawings: Drawings | None = field(default=None, repr=False)

    @property
    def layers(self) -> tuple["Layer", ...]:
        """Layers of the page, the lowest first."""
        return () if self.drawings is None else tuple(self.drawings.layers)

    @property
    def facts(self) -> Facts:
        """What the page says in words."""
        return Facts(title="") if self.drawings is None else self.drawings.facts

    @property
    def crs(self) -> str:
        """Planning CRS in which the page tells coordinates."""
        return DEFAULT_CRS if self.drawings is None else self.drawings.crs

    def save(self, path: str | Path, *, paper: str = "A4") -> Path:
        """
        Write the page, or the map as a sheet, whole or not at all.

        Parameters
        ----------
        path
            Target: `.html` for the page, `.pdf` for pages to print, `.png` for a picture;
            `name (2).html` is written beside it where another program holds it open.
        paper
            Of a PDF or PNG, `"A4"` or `"A3"`; a PNG may also be `"1080x1350"`, for a phone.

        Returns
        -------
        path
            Where the file lies now.

        Raises
        ------
        PlanError
            If it cannot be written.
        SettingsError
            If there is no such kind of file or paper.
        """
        target = Path(path)
        kind = target.suffix.lower()
        if kind in ("", ".html", ".htm") or self.drawings is None:
            return atomic.write_text(target, self.html, if_held="rename")
        papers = {".pdf": [*PAPERS], ".png": [*PAPERS, PHONE]}
        if paper not in papers.get(kind, ()):
            msg = (
                f"a map is saved as .html, .pdf ({', '.join(papers['.pdf'])}) or .png "
                f"({', '.join(papers['.png'])}); found '{target.name}' on '{paper}'"
            )
            raise SettingsError(msg)
        drawn = self.drawings.pdf(paper) if kind == ".pdf" else self.drawings.png(paper)
        return atomic.write_bytes(target, drawn, if_held="rename")

    def with_picture(self) -> "MapPage":
        """
        Return the page with a picture of its map, for phones and mail that run no scripts.

        Returns
        -------
        page
            The same page, some 200 kB larger; the page itself where it has nothing to draw.
        """
        if self.drawings is None or not (picture := self.drawings.preview()):
            return self
        plain = _without_scripts(self.drawings, b"")
        shown = _without_scripts(self.drawings, picture)
        return replace(self, html=self.html.replace(plain, shown, 1))

    def file_name(self, stem: str, suffix: str = ".html") -> str:
        """
        Return the name under which the page, or a sheet of it, is written.

        Parameters
        ----------
        stem
            Name without suffix, safe as a file name.
        suffix
            Suffix with its dot.

        Returns
        -------
        name
            Name, which begins with `NOI-BO_` (for internal use) where the page tells where works
            of the network stand.
        """
        return f"{INSIDE if self.facts.restricted else ''}{stem}{suffix}"

    def _repr_html_(self) -> str:
        """Return the page in a frame that may run its scripts and nothing else, else a link."""
        content = self.html.encode("utf-8")
        if len(content) > LARGEST_INLINE_MB * 1e6:
            return self._link(content)
        return (
            '<iframe sandbox="allow-scripts" style="width:100%;height:620px;border:1px solid #ccc" '
            f'srcdoc="{html.escape(self.html, quote=True)}"></iframe>'
        )

    def _link(self, content: bytes) -> str:
        """Write a page that is too large for a notebook beside it, and return a link to it."""
        say = words(self.language)
        size = say.number(len(content) / 1e6, 1)
        name = f"{LINKED}/{self.file_name(hashlib.sha256(content).hexdigest()[:10])}"
        try:
            if not Path(name).exists():
                self.save(name)
        except InfraplanError:
            return f"<p>{html.escape(say('maps.too_large_inline', size=size))}</p>"
        text = html.escape(say("maps.too_large_linked", size=size, name=name))
        return f'<p><a href="{name}" target="_blank" rel="noopener">{text}</a></p>'


def build_page(
    layers: Sequence[Layer],
    facts: Facts,
    *,
    crs: str = DEFAULT_CRS,
    language: str = "vi",
    picture: bytes = b"",
) -> MapPage:
    """
    Build a page from layers.

    Parameters
    ----------
    layers
        Layers from the lowest to the highest; those with nothing to draw are left out.
    facts
        Words and tables of the page.
    crs
        Planning CRS, in which the page also tells coordinates.
    language
        `"vi"` or `"en"`.
    picture
        PNG or WebP of the map, shown where scripts do not run; none where it is empty.

    Returns
    -------
    page
        The page; the same for the same arguments, byte by byte.

    Raises
    ------
    SettingsError
        If there is no catalogue in the language, or the base map has no proper address.
    """
    say = words(language)
    packed = [entry for layer in _told_once(layers) if (entry := layer.packed(say)) is not None]
    page: dict[str, Any] = {
        "language": language,
        "words": _page_words(say, has_sites=any(block["name"] == "sites" for block in packed)),
        "title": facts.title,
        "subtitle": facts.subtitle,
        "headline": facts.headline,
        "as_of": facts.as_of,
        "restricted": facts.restricted,
        "warning": facts.warning,
        "tables": [
            {"title": t.title, "heads": t.heads, "rows": t.rows, "note": t.note, "open": t.open}
            for t in facts.tables
        ],
        "published": [
            {"title": t.title, "heads": t.heads, "rows": t.rows, "note": t.note}
            for t in facts.published
        ],
        "definition": facts.definition,
        "sources": facts.sources,
        "frame": facts.frame,
        "credit": facts.credit or " · ".join(facts.sources),
        "projection": plan_projection(crs),
        "colors": {"sea": SEA, "backdrop": BACKDROP},
        "swipes": [
            {
                "left": {"label": pair.left_label, "layers": pair.left},
                "right": {"label": pair.right_label, "layers": pair.right},
            }
            for pair in facts.swipes
        ],
        "summary": dict(facts.summary),
    }
    if facts.cards:
        page["cards"] = facts.cards
    if facts.choices:
        page["choices"] = facts.choices
    host = ""
    if facts.base_map:
        page["base_map"] = base_map_entry(facts.base_map, facts.base_credit)
        host = page["base_map"]["host"]
    drawings = Drawings(layers, facts, crs, say)
    blocks = [_block(page, f"{MARK}-page")]
    blocks += [_block(entry, f"{MARK}-layer") for entry in packed]
    text = _shell(language, has_cards=bool(facts.cards), has_choices=bool(facts.choices), host=host)
    text = _insert(
        text, "</body>", _without_scripts(drawings, picture) + "\n" + "\n".join(blocks) + "\n"
    )
    text = _insert(text, "</head>", f"<title>{html.escape(facts.title)}</title>\n")
    return MapPage(text, language, drawings)


def _told_once(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers; one that is like a layer which the page lacks carries its own geometry."""
    names = {getattr(layer, "name", "") for layer in layers if not getattr(layer, "alike", "")}
    return [
        replace(layer, alike="")
        if isinstance(layer, VectorLayer) and layer.alike and layer.alike not in names
        else layer
        for layer in layers
    ]


def _page_words(say: Words, *, has_sites: bool) -> dict[str, str]:
    """Return the words of the page's own programs: `maps.ui_*`, and those of tables `page_*`."""
    found = {}
    for key, text in say.entries.items():
        for prefix in ("maps.ui_", "page_"):
            if key.startswith(prefix):
                found[key.removeprefix(prefix)] = text
    if not has_sites:
        found["search"] = found["search_places"]
    return found


@cache
def _shell(language: str, *, has_cards: bool, has_choices: bool, host: str = "") -> str:
    """Return the page without any data, its policy already naming its scripts and a base map."""
    made = remembered(
        "shell", _skeleton, modules=(__name__,), packages=("folium", "branca", "jinja2")
    )
    text = made.decode("utf-8")
    text = re.sub(
        r'<meta name="viewport"[^>]*>',
        '<meta name="viewport" content="width=device-width, initial-scale=1" />',
        text,
    )
    text = text.replace("<html>", f'<html lang="{language}">', 1)
    names = (*SCRIPTS, *(OF_CARDS if has_cards else ()), *(OF_CHOICES if has_choices else ()))
    names += OF_BASE if host else ()
    styles = ["page.css", "tiles.css", "rasters.css", "insight.css"]
    styles += ["cards.css"] if has_cards or has_choices else []
    styles += ["streets.css"] if has_choices else []
    scripts = [_leaflet_script(), *(_ours(name) for name in names)]
    style = "\n".join([_leaflet_style(), *(_ours(name) for name in styles)])
    head = f"<style>\n{style}\n</style>\n"
    head += "".join(f"<script>\n{script}\n</script>\n" for script in scripts)
    text = _insert(text, "</head>", head)
    text = _insert(text, "</html>", f"<script>{MARK}.start(map_{MARK});</script>\n")
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'"
        for body in re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    )
    if found := re.search(r"https?://[^\s\"']*", text):
        msg = f"the page's own code names an address on the network: {found.group()}"
        raise RuntimeError(msg)
    pictures = f"data: https://{host}" if host else "data:"
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src {pictures}; "
        "base-uri 'none'; form-action 'none'"
    )
    place = text.index("<head>") + len("<head>")
    meta = f'\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return text[:place] + meta + text[place:]


def _skeleton() -> bytes:
    """Return the empty page that folium makes, which takes half a second to load."""
    import folium

    class OfflineMap(folium.Map):  # type: ignore[misc, unused-ignore]
        """A map that asks for no file from the network."""

        default_js: list[tuple[str, str]] = []  # noqa: RUF012 - as folium declares it
        default_css: list[tuple[str, str]] = []  # noqa: RUF012 - as folium declares it

    shell = OfflineMap(
        location=(0, 0),
        zoom_start=3,
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        max_zoom=20,
        min_zoom=4,
        zoom_snap=0.25,
        wheel_px_per_zoom_level=90,
        fade_animation=False,
    )
    shell._id = MARK  # noqa: SLF001 - a random id would change every file
    root = shell.get_root()
    root._id = f"{MARK}_root"  # noqa: SLF001 - likewise
    text: str = root.render()
    return text.encode("utf-8")


def _leaflet_script() -> str:
    """Return Leaflet, without the addresses that it names in comments and in its own label."""
    text = (_leaflet() / "leaflet.js").read_text(encoding="utf-8")
    text = re.sub(r"//# sourceMappingURL=\S*", "", text)
    text = text.replace("https://leafletjs.com", "")
    return _harmless(text.replace('"http://www.w3.org', '"http:"+"//www.w3.org'))


def _leaflet_style() -> str:
    """Return Leaflet's style with its pictures inside."""
    folder = _leaflet()

    def picture(match: "re.Match[str]") -> str:
        """Return a picture as a data: URI."""
        content = (folder / match.group(1)).read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(content).decode('ascii')})"

    text = (folder / "leaflet.css").read_text(encoding="utf-8")
    text = re.sub(r"https?://\S*", "", text)
    return _harmless(re.sub(r"url\((images/[\w.-]+\.png)\)", picture, text))


def _leaflet() -> Any:  # noqa: ANN401 - a Traversable, whose module moved between Pythons
    """Return the folder of Leaflet's files."""
    return files("xstatic.pkg.leaflet") / "data"


def _ours(name: str) -> str:
    """Return one of our own scripts or styles."""
    text = (files("infraplan.maps") / "static" / name).read_text(encoding="utf-8")
    return _harmless(text.replace("\r\n", "\n").strip())


def _harmless(text: str) -> str:
    """Return a script or style that cannot end its own element."""
    if re.search(r"</(script|style)|<!--", text, flags=re.IGNORECASE):
        msg = "a script or style holds a mark that would end its element"
        raise RuntimeError(msg)
    return text


def _insert(text: str, mark: str, addition: str) -> str:
    """Return a text with something put before the last place of a mark."""
    place = text.rindex(mark)
    return text[:place] + addition + text[place:]


def _block(values: dict[str, Any], kind: str) -> str:
    """Return values as inert JSON that no browser can mistake for markup or an address."""
    text = json.dumps(values, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    text = text.replace("//", "/\\u002f")
    return f'<script type="application/json" class="{kind}">{text}</script>'


def _without_scripts(drawings: Drawings, picture: bytes) -> str:
    """Return what a reader sees whose browser runs no scripts."""
    facts, say = drawings.facts, drawings.words
    parts = [f"<h1>{html.escape(facts.title)}</h1>"]
    notices = [text for text in (facts.restricted, facts.warning) if text]
    parts += [f"<p><strong>{html.escape(notice)}</strong></p>" for notice in notices]
    lines = (facts.subtitle, facts.as_of, facts.headline)
    parts += [f"<p>{html.escape(text)}</p>" for text in lines if text]
    parts.append(f"<p>{html.escape(say('maps.no_script'))}</p>")
    if picture:
        told = html.escape(drawings.told(), quote=True)
        address = picture_of(picture)
        parts.append(f'<p><img src="{address}" alt="{told}" style="{PICTURE_STYLE}"></p>')
    parts += [_plain_table(table) for table in facts.tables]
    parts += [f"<p>{html.escape(text)}</p>" for text in (*facts.definition, *facts.sources)]
    body = "".join(parts).replace("//", "/&#47;")
    return f'<noscript><style>{PLAIN_STYLE}</style><div class="ip-plain">{body}</div></noscript>'


def _plain_table(table: Table) -> str:
    """Return a table as a browser without scripts shows it, folded where the page folds it."""
    heads = "".join(f"<th>{html.escape(head)}</th>" for head in table.heads)
    rows = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    note = f"<p>{html.escape(table.note)}</p>" if table.note else ""
    title, body = html.escape(table.title), f"<table><tr>{heads}</tr>{rows}</table>{note}"
    if table.open:
        return f"<h2>{title}</h2>{body}"
    return f"<details><summary>{title}</summary>{body}</details>"
