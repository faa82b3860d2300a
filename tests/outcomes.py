"""How the test scripts tell .ci/test.py what became of each single test, and how they choose tests by name.

A report is a file of JSON objects, one a line: suite, name, status (passed, failed or skipped), seconds, text (why it failed or was skipped).
"""
import json
import re

STATUSES = ("passed", "failed", "skipped")


def record(suite, name, status, seconds=0.0, text=""):
    return {"suite": suite, "name": name, "status": status, "seconds": round(seconds, 3), "text": text}


def write(path, records):
    with open(path, "w", encoding="utf-8") as file:
        for each in records:
            file.write(json.dumps(each) + "\n")


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def totals(records):
    """The last line of every script: 'N passed, N failed[, N skipped]'."""
    records = list(records)
    passed, failed, skipped = (sum(each["status"] == status for each in records) for status in STATUSES)
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")


def chooser(pattern):
    """A function that tells whether a test's name is wanted: the pattern, a regular expression or else plain text, occurs in it."""
    try:
        return re.compile(pattern or "").search
    except re.error:
        return re.compile(re.escape(pattern)).search


def add_options(parser):
    """The options that every test script has."""
    parser.add_argument("--list", action="store_true", help="only print the names of the tests")
    parser.add_argument("--filter", default="", metavar="NAME", help="only the tests whose name has this in it (a regular expression)")
    parser.add_argument("--report", metavar="FILE", help="write what became of each test, as tests/outcomes.py says")
