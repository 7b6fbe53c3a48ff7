"""The presentation: an empty stage that figures of the page come to, one after the other, with arrow keys."""

from __future__ import annotations

#: What starts it, in the header of the page.
BUTTON = '<button type="button" id="start">Present <kbd>p</kbd></button>'
STAGE = (
    '<div id="present" role="dialog" aria-label="presentation" tabindex="-1" hidden>'
    '<div class="bar"><span class="where"></span><span class="take"></span>'
    '<span class="place" role="status"></span>'
    '<button type="button" data-does="back" aria-label="back">&larr;</button>'
    '<button type="button" data-does="on" aria-label="on">&rarr;</button>'
    '<button type="button" data-does="end">Close <kbd>Esc</kbd></button></div><div class="slide"></div></div>'
)
