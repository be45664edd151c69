"""A map as one file that a browser opens without network: plotly and the sounds are inside."""

from __future__ import annotations

import base64
import json
from html import escape
from pathlib import Path

from emostudio.maps.space import COLUMNS, FEATURES, METHODS, EmotionMap

MAX_SOUND_BYTES = 30 * 2**20  # in one file; clips after these are silent
ID = "map"


def write_sheet(space: EmotionMap, file: Path) -> Path:
    """Write a map's first view as an HTML file, in place of one that is there.

    Colors tell emotions, or clusters where nobody has said any.
    """
    figure = space.figure(color="emotion" if any(space.labels["emotion"]) else "cluster")
    picture = figure.to_html(
        full_html=False,
        include_plotlyjs=True,
        div_id=ID,
        config={"responsive": True, "scrollZoom": True, "displaylogo": False},
        default_height="70vh",
    )
    clips = [
        {
            "name": name,
            "said": {column: space.labels[column][n] for column in COLUMNS},
            "heard": {emotion: round(p, 2) for emotion, p in space.probs_of(n).items() if p > 0.04},
        }
        for n, name in enumerate(space.names)
    ]
    feature, method = space.view
    title = f"{len(space)} clips, {METHODS[method].split(':')[0]}"
    if method != "plane":
        title += f" of {FEATURES[feature].split(':')[0]}"
    page = PAGE.format(
        title=escape(title), picture=picture, clips=_json(clips), sounds=_json(_sounds(space))
    )
    file.write_text(page, encoding="utf-8")
    return file


def _sounds(space: EmotionMap) -> list[str]:
    left, sounds = MAX_SOUND_BYTES, []
    for place in range(len(space)):
        path = space.sound_of(place)
        data = path.read_bytes() if path is not None else b""
        left -= len(data)
        sounds.append(base64.b64encode(data).decode() if left >= 0 else "")
    return sounds


def _json(value: object) -> str:
    """JSON that may stand in a script: names can't end it."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "")


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 1rem; background: #fff; color: #111827; }}
h1 {{ font-size: 1.1rem; margin: 0; }}
#clip {{ min-height: 5rem; }}
select {{ font: inherit; max-width: 100%; }}
audio {{ display: block; width: min(100%, 30rem); margin: .4rem 0; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #111827; color: #e5e7eb; }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>Click a dot to hear it and to see what is known of it, or choose a clip:
<select id="list" aria-label="Clip"><option value="">…</option></select></p>
<div id="clip" role="status"></div>
{picture}
<script>
const clips = {clips};
const sounds = {sounds};
const list = document.getElementById("list"), card = document.getElementById("clip");
clips.forEach((clip, n) => list.add(new Option(clip.name, n)));
function line(text) {{
  const element = document.createElement("div");
  element.textContent = text;
  return element;
}}
function show(n) {{
  const clip = clips[n];
  const said = Object.entries(clip.said).filter(([, text]) => text);
  const heard = Object.entries(clip.heard).sort((a, b) => b[1] - a[1]);
  card.replaceChildren(
    line(clip.name),
    line(said.map(([name, text]) => `${{name}}: ${{text}}`).join(", ")),
    line("heard: " + heard.map(([name, p]) => `${{name}} ${{Math.round(100 * p)}} %`).join(", ")),
  );
  if (!sounds[n]) return;
  const player = document.createElement("audio");
  player.controls = true;
  player.src = "data:audio/ogg;base64," + sounds[n];
  card.append(player);
  player.play();
}}
list.addEventListener("change", () => list.value && show(+list.value));
document.getElementById("map").on("plotly_click", event => {{
  const n = event.points[0].customdata;
  list.value = n;
  show(n);
}});
</script>
</body>
</html>
"""
