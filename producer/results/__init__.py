"""The result file: what was measured, raw. Statistics are derived on load, and never saved."""

from producer.results.load import load, load_comparison
from producer.results.model import (
    SCHEMA,
    ContenderResult,
    Offered,
    Result,
    Run,
    WorkloadResult,
    begin,
)
from producer.results.predictions import ExpectedSpeed, Prediction
from producer.results.records import Records
from producer.results.run_from import run_from
from producer.results.save import ResultFile

__all__ = [
    "SCHEMA",
    "ContenderResult",
    "ExpectedSpeed",
    "Offered",
    "Prediction",
    "Records",
    "Result",
    "ResultFile",
    "Run",
    "WorkloadResult",
    "begin",
    "load",
    "load_comparison",
    "run_from",
]
