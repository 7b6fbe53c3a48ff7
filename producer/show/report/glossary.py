"""The words of the page: a sentence for each, and marks where they occur, which open it.

A mark is a button in the running text; the sentences are popovers, which the browser opens, closes with
Esc and tells a screen reader of. What they are called by is a word of the lab, so the name of a contender,
of a file or of an option is never marked, and of a word in a section only the first occurrence is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from producer.printable import html
from producer.show.report.fold import fold

#: A sentence for each word, as it stands in the list of all words.
WORDS: Mapping[str, str] = {
    "asyncio": (
        "Python's event loop: one thread does many jobs, and turns to another whenever one of "
        "them has to wait."
    ),
    "backlog": "Jobs that have arrived and are not done yet, those in slots included.",
    "broker": (
        "The program between the producer and the workers: it keeps messages until a worker takes "
        "them; here it is Redis, or one that speaks its language."
    ),
    "Celery": (
        "A Python library that sends jobs as messages to workers, which may be other processes or "
        "other machines."
    ),
    "contender": (
        "One way to have the jobs done, with its number of slots: threads@32 is threads with 32 "
        "slots, celery:prefork@2 a Celery worker with 2 processes."
    ),
    "confidence": "With 95 % confidence: of 100 such statements about 95 are true.",
    "core": (
        "The part of a processor that computes: with two cores, two things are computed at the same time."
    ),
    "CPU time": (
        "How long a processor core really computed for something; waiting costs none. That of a run includes "
        "what the contender does right before and after it, and is counted in steps of 10 ms."
    ),
    "eventlet": (
        "A Celery pool like gevent, with an older loop: many jobs wait in one thread, and take turns."
    ),
    "event loop": (
        "What asyncio runs on: one thread that goes from job to job, and stands still as long as "
        "one of them computes."
    ),
    "geometric mean": (
        "The mean for ratios: the number that, multiplied with itself as often as there are ratios, gives "
        "their product."
    ),
    "gevent": "A Celery pool in one thread that turns to another job whenever one of them waits.",
    "GIL": ("The global interpreter lock: with it, only one thread of a process runs Python code at a time."),
    "half-move": "One move of one player, White or Black.",
    "interval": (
        "Where the true value most likely lies: had the whole comparison been made 100 times, "
        "about 95 of the intervals would hold it."
    ),
    "job": "One piece of work: one check of files, one wait, one chess move.",
    "lane": "A row of a timeline: of the jobs in it, one begins when another has ended.",
    "latency": "How long one job took from being enqueued to being finished, waiting included.",
    "limit": (
        "The shortest time in which the slots and the cores could do these jobs, if nothing else took time."
    ),
    "makespan": (
        "The time from when the first job was enqueued (handed over, or put into the queue) until the last "
        "one was finished."
    ),
    "median": "The value in the middle: half of the runs were shorter, half longer.",
    "MiB": "1,048,576 bytes: about a million.",
    "message": "What travels through the broker: it says which job is to be done.",
    "p95": (
        "Of 100 of these times 95 are shorter, 5 longer; likewise p50, the median, and p99, which only one "
        "in a hundred exceeds."
    ),
    "offered rate": (
        "Jobs that arrive per second on average, whether or not anybody is ready for them: who is slow "
        "does not slow their arrival down."
    ),
    "pool": (
        "What does the jobs inside a Celery worker: processes (prefork), threads, an event loop, "
        "or just one after the other (solo)."
    ),
    "prefetch": "Messages that a worker has reserved beyond those it is at work on.",
    "prefork": (
        "Celery's usual pool: a process for each slot, so that jobs compute at the same time on "
        "several cores."
    ),
    "process": (
        "A running program with memory and a GIL of its own; several of them compute at the same "
        "time on several cores."
    ),
    "producer": "Who makes the jobs and sends them: here the program that measures.",
    "queue": "Where jobs wait until there is a slot for them; first come, first served.",
    "round": "One run of every contender, in an order that is shuffled anew for each round.",
    "run": "One contender doing all the jobs once, with the clock running.",
    "seed": "The number that chance starts from: with the same seed, chance is the same.",
    "serial": ("The simplest way: one job after the other, in one process; all others are compared with it."),
    "service time": "How long one job took from its start to its end, waiting in the queue left out.",
    "slot": "One place where a job can run: with 32 slots, up to 32 jobs are open at the same time.",
    "solo": "The smallest Celery pool: one job after the other in one process.",
    "standard deviation": "How far, on average, values lie from their mean.",
    "thread": (
        "One of several lines of work within a process; with a GIL they take turns in Python "
        "code, and wait at the same time."
    ),
    "throughput": "How many jobs were finished each second.",
    "transport": (
        "How messages lie in the broker: the reliable one is made to lose none when a worker dies, "
        "the stock one is Celery's own."
    ),
    "worker": (
        "A program that takes messages from the broker and does the jobs; with Celery, it has a pool."
    ),
    "workload": "A list of jobs, the same for every contender.",
}
#: In the list alone: the first is the name of a contender as well, the second also a verb.
UNMARKED = {"serial", "run"}
#: Words that stand for another; a plural with "s" needs none.
_FORMS = {"processes": "process", "p50": "p95", "p99": "p95"}
#: Where prose stands; and what within it is a name, a control, a drawing or a heading of its own.
_PROSE = {"p", "li", "figcaption"}
_BARRED = {"a", "b", "button", "svg", "summary", "pre", "code", "kbd", "h1", "h2", "h3", "h4", "select"}
#: The heading of a column that says something: others are names.
HEAD = '<th scope="col" class="says">'
#: An option of a command is not broken at its hyphens.
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_TAG = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r"</?([a-z0-9]+)")


def _pattern() -> re.Pattern[str]:
    texts = sorted((WORDS.keys() - UNMARKED) | _FORMS.keys(), key=len, reverse=True)
    either = "|".join(re.escape(text).replace(r"\ ", r"[ \u00a0]") for text in texts)
    # Beside these characters a word is part of a name: threads@2, celery:prefork, queue.py, --jobs, /run.
    return re.compile(rf"(?<![\w@:+./\\&#-])({either})(s?)(?![\w@:+/\\-]|\.\w)", re.IGNORECASE)


_WORD = _pattern()


def mark_words(section: str) -> str:
    """Mark the first occurrence of each word in the prose of a section, which is HTML."""
    parts = _TAG.split(section)
    prose = barred = 0
    seen: set[str] = set()
    for place, part in enumerate(parts):
        if place % 2 == 0:
            if prose and not barred:
                marked = _WORD.sub(lambda match: _mark(match, seen), part)
                parts[place] = _OPTION.sub(r'<span class="option">\g<0></span>', marked)
            continue
        name = _NAME.match(part)
        step = -1 if part.startswith("</") else 1
        if not name:
            continue
        if name[1] in _PROSE:
            prose += step
        elif name[1] in _BARRED:
            barred += step
        elif name[1] == "th":  # no table stands in prose
            prose = int(part == HEAD)
    return "".join(parts)


def write_popovers() -> str:
    """Write the sentences that the marks open."""
    return "".join(
        f'<div class="meaning" id="{_ident(word)}" popover><b>{html(word)}</b> {html(sentence)}</div>'
        for word, sentence in WORDS.items()
    )


def write_all() -> str:
    """Write the folded list of all words."""
    words = "".join(f"<dt>{html(word)}</dt><dd>{html(says)}</dd>" for word, says in WORDS.items())
    says = "What each means here"
    return fold("All words", says, f'<dl class="machine">{words}</dl>', "words")


def _mark(match: re.Match[str], seen: set[str]) -> str:
    text = match[1].replace("\u00a0", " ")
    word = _FORMS.get(text.lower(), _BY_LOWER.get(text.lower(), ""))
    # "gil" or "redis" in small letters is a name of something else.
    if not word or word in seen or (word.isupper() and text != word):
        return match[0]
    seen.add(word)
    return f'<button type="button" class="word" popovertarget="{_ident(word)}">{match[0]}</button>'


_BY_LOWER = {word.lower(): word for word in WORDS}


def _ident(word: str) -> str:
    return f"word-{word.replace(' ', '-')}"
