"""Builds the documentation site (`.ci/docs`) from the texts as they lie in the repository.

The source directory is the whole repository: a link from docs/ to the README or to a source file is the same
on the code host and on the site, and is checked. No text of the site is written here.
"""

from __future__ import annotations

import shutil

from sphinx.application import Sphinx

project = html_title = "simul"
language = "en"

root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "packages/*/README.md"]
#: Directories without texts, left out so that nobody has to walk through them.
exclude_patterns = [".*", "dist", "results", "tests"]

extensions = ["myst_parser", "sphinxcontrib.mermaid"]
# Headings of every depth have the anchors that the code host gives them; a link to no anchor is a warning.
myst_heading_anchors = 6
myst_fence_as_directive = ["mermaid"]

# Diagrams are drawn when the site is built, so that reading a page takes no script and no network.
mermaid_output_format = "svg"
mermaid_cmd = "mermaidx"
mermaid_params = ["--theme", "neutral"]

html_theme = "furo"
html_static_path = ["site"]
html_css_files = ["site.css"]
html_use_index = False
html_copy_source = False
html_show_copyright = False

#: The sidebar. It is added here, for the code host would show it as a block of code.
CONTENTS = """
```{toctree}
:hidden:
:glob:

docs/*
packages/*/README
CONTRIBUTING
CHANGELOG
```
"""


def setup(app: Sphinx) -> None:
    """Give the README the sidebar, and the site its index.html."""
    app.connect("source-read", _add_contents)
    app.connect("build-finished", _copy_to_index)


def _add_contents(app: Sphinx, name: str, source: list[str]) -> None:
    if name == app.config.root_doc:
        source[0] += CONTENTS


def _copy_to_index(app: Sphinx, error: Exception | None) -> None:
    if error is None:
        shutil.copy(app.outdir / f"{app.config.root_doc}.html", app.outdir / "index.html")
