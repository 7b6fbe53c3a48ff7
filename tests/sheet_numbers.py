"""What the commands of the lab sheet measured, run by run: the numbers that its solutions speak of.

Two cores, otherwise idle, 28 November 2026; CPython 3.11.7, in `free` 3.13.0 and 3.13.5t. Taken from the results of the
commands: of each contender its slots, its makespans in ms, its most memory in MiB, the longest stall of its event loop in ms.
"""

from __future__ import annotations

from dataclasses import replace

from producer.contender_name import ContenderName
from producer.results import Result, Run
from tests.made import result, run, started, workload

#: Slots, makespans, memory, stall; None where no event loop was watched.
Row = tuple[int, tuple[float, ...], int, float | None]

MEASURED: dict[str, dict[str, dict[str, Row]]] = {
    "broken": {
        "blocked_loop:fetch": {
            "asyncio@8": (8, (2076, 2123, 2119, 2085, 2035), 25, 2126),
            "threads@8": (8, (267, 277, 308, 264, 260), 22, None),
            "serial": (1, (2093, 2092, 2206, 2093, 2088), 24, None),
        },
    },
    "cove": {
        "trapezoid": {
            "processes@2": (2, (428, 629, 507, 646, 720), 74, None),
            "asyncio+threads@2": (2, (453, 443, 456, 748, 604), 21, 62.5),
            "asyncio@2": (2, (488, 668, 460, 730, 652), 21, 29.4),
            "threads@2": (2, (790, 618, 421, 456, 489), 20, None),
            "serial": (1, (628, 496, 467, 592, 581), 19, None),
        },
        "exchange": {
            "asyncio+threads@32": (32, (65.5, 63.0, 56.2, 55.4, 58.3), 20, 5.35),
            "asyncio@32": (32, (59.9, 66.1, 69.4, 76.4, 46.9), 20, 8.09),
            "threads@32": (32, (91.5, 105, 98.4, 95.0, 101), 21, None),
            "processes@2": (2, (483, 537, 517, 503, 539), 73, None),
            "serial": (1, (1153, 1260, 968, 1285, 1135), 19, None),
        },
    },
    "free": {
        "files": {
            "threads@32 [3.13]": (32, (17.9, 9.20, 16.3, 12.3, 10.9), 24, None),
            "threads@32 [3.13t]": (32, (14.5, 7.22, 9.21, 10.1, 11.6), 37, None),
            "serial [3.13t]": (1, (5.57, 9.52, 5.84, 5.55, 5.15), 31, None),
            "serial [3.13]": (1, (4.86, 5.39, 6.74, 5.58, 4.24), 23, None),
            "processes@2 [3.13]": (2, (43.1, 52.1, 40.0, 51.1, 39.3), 78, None),
            "processes@2 [3.13t]": (2, (48.4, 48.4, 54.4, 42.0, 59.4), 103, None),
        },
        "search": {
            "serial [3.13]": (1, (389, 373, 356, 346, 531), 23, None),
            "threads@2 [3.13t]": (2, (435, 374, 383, 379, 362), 30, None),
            "processes@2 [3.13t]": (2, (358, 359, 353, 348, 487), 88, None),
            "serial [3.13t]": (1, (565, 591, 589, 585, 790), 31, None),
            "threads@2 [3.13]": (2, (380, 403, 408, 404, 438), 23, None),
            "processes@2 [3.13]": (2, (215, 213, 219, 214, 578), 78, None),
        },
    },
    "judit": {
        "waits": {
            "asyncio@2": (2, (659, 651, 657, 687, 682), 20, 12.3),
            "serial": (1, (1344, 1356, 1371, 1396, 1355), 19, None),
            "threads@24": (24, (70.8, 76.7, 82.7, 72.6, 68.0), 19, None),
            "processes@2": (2, (625, 656, 716, 724, 773), 73, None),
            "asyncio@24": (24, (70.6, 71.0, 70.3, 73.7, 75.6), 20, 8.75),
        },
    },
    "pools-again": {
        "waits": {
            "celery:gevent@32": (32, (106, 165, 89.1, 89.9, 99.4), 57, None),
            "serial": (1, (1293, 1337, 1273, 1264, 1270), 19, None),
            "celery:prefork@2": (2, (829, 824, 917, 755, 900), 94, None),
            "asyncio@32": (32, (55.3, 54.6, 54.8, 53.6, 54.4), 21, 8.42),
            "celery:threads@32": (32, (106, 78.5, 105, 88.9, 80.7), 53, None),
            "celery:asyncio@32": (32, (90.7, 98.6, 73.2, 86.7, 71.6), 52, None),
            "celery:solo": (1, (1961, 1664, 1508, 1547, 1519), 50, None),
        },
        "search": {
            "celery:gevent@2": (2, (336, 576, 393, 486, 582), 56, None),
            "serial": (1, (344, 322, 316, 343, 770), 19, None),
            "celery:threads@2": (2, (381, 454, 565, 474, 436), 51, None),
            "celery:asyncio@2": (2, (367, 643, 404, 452, 756), 51, None),
            "celery:prefork@2": (2, (321, 353, 351, 272, 683), 95, None),
            "asyncio@2": (2, (307, 345, 330, 410, 494), 21, 491),
            "celery:solo": (1, (362, 390, 546, 391, 500), 51, None),
        },
    },
    "pools": {
        "waits": {
            "celery:gevent@32": (32, (99.9, 117, 134, 117, 143), 56, None),
            "serial": (1, (1255, 1277, 1283, 1256, 1257), 19, None),
            "celery:threads@32": (32, (76.6, 93.8, 74.5, 92.5, 87.5), 53, None),
            "celery:solo": (1, (1403, 1431, 1476, 1435, 1541), 51, None),
            "celery:asyncio@32": (32, (97.6, 82.8, 94.1, 119, 87.1), 52, None),
            "celery:prefork@2": (2, (696, 753, 715, 837, 759), 94, None),
        },
        "search": {
            "serial": (1, (416, 308, 332, 318, 307), 19, None),
            "celery:gevent@2": (2, (468, 371, 378, 419, 445), 56, None),
            "celery:asyncio@2": (2, (355, 394, 374, 393, 483), 52, None),
            "celery:threads@2": (2, (348, 388, 426, 426, 386), 51, None),
            "celery:solo": (1, (366, 366, 395, 380, 370), 51, None),
            "celery:prefork@2": (2, (231, 220, 246, 215, 402), 95, None),
        },
    },
    "yellow": {
        "files": {
            "serial": (1, (3.96, 3.93, 3.25, 10.5, 3.58), 19, None),
            "threads@32": (32, (7.30, 5.72, 5.73, 7.46, 5.42), 20, None),
            "asyncio@32": (32, (18.7, 20.4, 16.8, 19.4, 14.1), 21, 4.37),
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
            peak_memory_bytes=memory_mib * 2**20,
            loop_stall_s=None if stall_ms is None else stall_ms / 1000,
            gil=not ContenderName.parse(contender).python.endswith("t"),
        )
        for contender, (slots, makespans_ms, memory_mib, stall_ms) in rows.items()
        for round_, makespan_ms in enumerate(makespans_ms, 1)
    ]
