"""Writes scalars.json: how PyYAML, which dbt uses, reads plain scalars. Run it where dbt is installed."""
import datetime
import json

import yaml

WORDS = """yes Yes YES yEs no on Off off y n true True TRUE tRUE false null Null NULL ~ none None nan .nan .NaN .NAN .inf -.inf +.INF .Inf
0 00 007 010 08 09 0o7 0b101 0b102 0x1F 0x1g -0x1F +12 -7 1_000 1__0 _1 1_ 12e03 1e3 1.0e3 1.0e+3 1.e+3 .5 -.5 ._5 1. 1.5 1_0.5 0.1_0 -1.5e-10
1:30 1:30:45 -1:30 1:60 01:30 1:30.5 190:20:30.15 2024-01-01 2024-1-1 2024-13-01 2024-01-01T10:00:00 12:00 0.0.1 1.2.3 1,000 9223372036854775807 9223372036854775808
-9223372036854775809 abc a-b + . -- .. 1a 0xG +.5 -0 -0.0 +0 1e400 100000000000000000000.5""".split()


def show(word):
    try:
        value = yaml.safe_load("- " + word)[0]
    except ValueError:
        return None  # PyYAML itself fails
    if isinstance(value, (datetime.date, datetime.datetime)):
        value = str(value)
    return repr(value)


json.dump({w: show(w) for w in WORDS}, open("scalars.json", "w"), indent=1)
