"""What the commands of the lab sheet measured, run by run: the numbers that its solutions speak of.

Two cores, otherwise idle, 28 November 2026; CPython 3.11.7, in `free` 3.13.0 and 3.13.5t. Taken from the
results of the commands: of each contender its slots, its makespans in ms, its most memory in MiB, and of the
longest stalls of its event loop, by run, the shortest and the longest in ms.
"""

from __future__ import annotations

from dataclasses import replace

from producer.contender_name import ContenderName
from producer.results import Result, Run
from tests.made import result, run, started, workload

#: Slots, makespans, memory, stalls; None where no event loop was watched.
Row = tuple[int, tuple[float, ...], float, tuple[float, float] | None]

MEASURED: dict[str, dict[str, dict[str, Row]]] = {
    "yellow": {
        "files": {
            "serial": (1, (4.75, 4.41, 4.72, 5.62, 4.82), 17.5, None),
            "threads@32": (32, (24.4, 17.9, 12.1, 12.7, 15.2), 18.7, None),
            "asyncio@32": (32, (30.6, 31.5, 34.1, 33.3, 32.5), 19.9, (1.23, 2.28)),
        },
    },
    "free": {
        "files": {
            "threads@32 [3.13]": (32, (24.1, 14.7, 20.0, 23.6, 23.6), 24.7, None),
            "threads@32 [3.13t]": (32, (17.7, 10.5, 8.10, 11.5, 9.53), 32.6, None),
            "serial [3.13t]": (1, (6.10, 9.21, 6.04, 8.26, 5.72), 31.1, None),
            "serial [3.13]": (1, (5.43, 6.62, 4.58, 5.00, 4.87), 23.7, None),
            "processes@2 [3.13]": (2, (30.7, 20.4, 25.2, 24.8, 32.6), 79.4, None),
            "processes@2 [3.13t]": (2, (39.2, 40.0, 46.9, 30.1, 34.0), 103.0, None),
        },
        "search": {
            "serial [3.13]": (1, (344, 336, 343, 353, 351), 23.8, None),
            "threads@2 [3.13t]": (2, (359, 359, 357, 347, 350), 32.5, None),
            "processes@2 [3.13t]": (2, (353, 355, 327, 330, 335), 81.8, None),
            "serial [3.13t]": (1, (578, 569, 551, 564, 672), 31.1, None),
            "threads@2 [3.13]": (2, (401, 374, 384, 362, 391), 23.7, None),
            "processes@2 [3.13]": (2, (235, 205, 193, 202, 197), 79.5, None),
        },
    },
    "judit": {
        "waits": {
            "asyncio@2": (2, (626, 628, 627, 635, 636), 17.8, (1.17, 4.06)),
            "serial": (1, (1256, 1228, 1251, 1264, 1262), 16.4, None),
            "threads@24": (24, (75.4, 68.7, 71.8, 77.4, 75.7), 17.1, None),
            "processes@2": (2, (656, 652, 670, 671, 670), 56.5, None),
            "asyncio@24": (24, (71.0, 70.2, 74.6, 68.9, 71.2), 17.8, (1.17, 2.47)),
        },
    },
    "cove": {
        "trapezoid": {
            "processes@2": (2, (242, 236, 237, 254, 255), 56.9, None),
            "asyncio+threads@2": (2, (467, 463, 437, 452, 461), 18.6, (15.4, 27.9)),
            "asyncio@2": (2, (424, 424, 411, 418, 419), 18.0, (6.83, 10.7)),
            "threads@2": (2, (438, 423, 450, 441, 466), 17.2, None),
            "serial": (1, (408, 404, 419, 409, 410), 16.7, None),
        },
        "exchange": {
            "asyncio+threads@32": (32, (48.6, 53.3, 53.9, 52.7, 47.7), 18.7, (1.10, 5.26)),
            "asyncio@32": (32, (49.0, 51.4, 56.8, 52.9, 53.2), 18.7, (1.14, 5.18)),
            "threads@32": (32, (129, 132, 138, 135, 137), 18.4, None),
            "processes@2": (2, (491, 493, 515, 495, 485), 57.4, None),
            "serial": (1, (922, 926, 930, 933, 927), 16.8, None),
        },
    },
    "pools": {
        "waits": {
            "celery:gevent@32": (32, (66.0, 70.6, 72.2, 71.5, 68.6), 44.6, None),
            "serial": (1, (1225, 1236, 1237, 1222, 1238), 16.4, None),
            "celery:prefork@2": (2, (696, 705, 723, 727, 710), 78.1, None),
            "asyncio@32": (32, (54.5, 54.2, 54.6, 54.7, 55.2), 17.9, (0.92, 1.23)),
            "celery:threads@32": (32, (71.5, 69.6, 78.0, 73.3, 75.4), 41.0, None),
            "celery:asyncio@32": (32, (64.0, 63.4, 64.9, 70.8, 67.8), 40.4, None),
            "celery:solo": (1, (1353, 1403, 1406, 1402, 1396), 38.6, None),
        },
        "search": {
            "celery:gevent@2": (2, (346, 342, 364, 337, 389), 43.4, None),
            "serial": (1, (312, 329, 293, 317, 310), 16.4, None),
            "celery:threads@2": (2, (373, 382, 377, 357, 394), 38.9, None),
            "celery:asyncio@2": (2, (344, 366, 372, 365, 375), 39.2, None),
            "celery:prefork@2": (2, (218, 209, 202, 213, 224), 79.3, None),
            "asyncio@2": (2, (315, 312, 318, 316, 322), 17.7, (308, 319)),
            "celery:solo": (1, (372, 339, 367, 348, 385), 38.7, None),
        },
    },
    "broken": {
        "blocked_loop:fetch": {
            "asyncio@8": (8, (2129, 2104, 2081, 2114, 2140), 20.1, (2081, 2143)),
            "threads@8": (8, (289, 295, 300, 302, 300), 20.4, None),
            "serial": (1, (2196, 2137, 2145, 2183, 2203), 19.9, None),
        },
    },
}


def sheet_results() -> dict[str, Result]:
    """Make the results again, each under the name that the sheet gives its file."""
    return {f"{name}.json.gz": _result(workloads) for name, workloads in MEASURED.items()}


def _result(workloads: dict[str, dict[str, Row]]) -> Result:
    runs = [one for name, rows in workloads.items() for one in _runs(name, rows)]
    lists = [
        replace(workload(2), name=name, contenders=started(dict.fromkeys(rows)))
        for name, rows in workloads.items()
    ]
    return result(runs, lists, rounds=5)


def _runs(name: str, rows: dict[str, Row]) -> list[Run]:
    return [
        replace(
            run(contender, makespan_ms, workload=name, round=round_, slots=slots),
            peak_memory_bytes=round(memory_mib * 2**20),
            loop_stall_s=stalls_ms and stalls_ms[round_ > 1] / 1000,
            gil=not ContenderName.parse(contender).python.endswith("t"),
        )
        for contender, (slots, makespans_ms, memory_mib, stalls_ms) in rows.items()
        for round_, makespan_ms in enumerate(makespans_ms, 1)
    ]
