"""Compare elt's templates with dbt's own Jinja, on random templates.

    go build -o /tmp/jinja ./bench/jinja
    python bench/jinja/fuzz.py --elt /tmp/jinja --seed 1 --minutes 10

with the Python of an environment that has dbt-core. Templates come from grammar.py; the
oracle is dbt's environment (dbt_common.clients.jinja) with dbt's base context and its macro
generator. A difference is made as small as it gets and printed, one of each kind, as a JSON
line. It is a difference if the texts differ, or if one side fails and the other does not,
or if elt's error has no place. The words of errors are not compared. A case that prints an
address of Python's, or a set's order, has no answer and does not count.
"""
import argparse
import collections
import datetime
import decimal
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import warnings

os.environ["TZ"] = "UTC"
os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"

import pytz
from dbt.clients.jinja import MacroGenerator, get_rendered
from dbt.context.base import BaseContext
from dbt_common.clients.jinja import extract_toplevel_blocks, parse

import grammar

warnings.simplefilter("ignore")
AT = datetime.datetime(2024, 2, 29, 13, 4, 5, 678900)


def values():
    """What main.go gives elt too."""
    return {
        "g": {"k": 1, "l": [3, 1, 2], "s": "abc", "n": None, "f": 1.5, "b": True},
        "rows": [{"n": 1, "t": "b"}, {"n": 2, "t": "a"}, {"n": 3, "t": "B"}],
        "dec": decimal.Decimal("1.50"), "dec2": decimal.Decimal("3"),
        "day": AT.date(), "dt": AT, "dtz": AT.replace(tzinfo=pytz.utc),
    }


class Macro:
    """What dbt's generator needs of a macro."""

    def __init__(self, name, sql):
        self.name, self.macro_sql, self.unique_id = name, sql, "macro.probe." + name


class TooLong(BaseException):
    pass


def give_up(*_):
    raise TooLong()


class Oracle:
    """dbt's rendering."""

    def __init__(self):
        self.base = BaseContext({}).to_dict()
        # dbt wraps these in a warning that needs its flags.
        tools = {name: getattr(itertools, name) for name in self.base["modules"]["itertools"]}
        self.base["modules"] = {**self.base["modules"], "itertools": tools}

    def render(self, macros, body, mode):
        context = dict(self.base)
        context.update(values(), execute=mode != "parse")
        signal.setitimer(signal.ITIMER_REAL, 5)
        try:
            for block in extract_toplevel_blocks(macros, {"macro"}, collect_raw_data=False):
                if block.block_name in context:
                    return "error", "two macros"
                parse(block.full_block)
                context[block.block_name] = MacroGenerator(Macro(block.block_name, block.full_block), context)
            out = get_rendered(body, context, capture_macros=mode == "parse", native=mode == "native")
            if mode == "native":
                return "text", type(out).__name__ + " " + repr(out)
            return "text", out
        except TooLong:
            return "none", "too long"
        except MemoryError:
            return "none", "memory"
        except BaseException as e:
            return "error", type(e).__name__ + ": " + str(e)[:300]
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


class Elt:
    """The program of main.go."""

    def __init__(self, path):
        self.path = path
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")

    def render(self, macros, body, mode):
        self.process.stdin.write(json.dumps({"macros": macros, "body": body, "mode": mode}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            trace = self.process.stderr.read()
            self.process.wait()
            self.start()
            return "crash", trace[:2000]
        answer = json.loads(line)
        if "text" in answer:
            return "text", answer["text"]
        if not answer.get("line"):
            return "nowhere", answer["error"]
        return "error", answer.get("jinja", answer["error"])


# What has no answer: addresses, classes by their module, the order of sets.
UNSTABLE = re.compile(r" at 0x[0-9a-f]+|<(class|function|built-in|method|module|bound|generator|filter|map|dbt|re\.|_sre|<)|Undefined|\{'[^:{}]*'\}|frozenset|itertools\.|_tzinfo|tzinfo=|struct_time|TextMarker|Markup\(")


# Differences that stay, by what stands in the template, and why.
KNOWN = re.compile("|".join([
    r"encode\(",  # there are no bytes
    r"\*\* ?0?\.5",  # nor complex numbers
    r"timetuple\(",
    r"'\.\*\?'",  # Python and .NET go on differently behind an empty match
    r"\{\{ ?loop ?\}\}",  # natively a loop prints itself when it is over, Jinja when it is one further
    r"12345678901234567890|9223372036854775807",  # ranges and repetitions that no memory holds
]))


def difference(want, got):
    """The kind of a difference, or None."""
    if want[0] == "none" or UNSTABLE.search(want[1]) and want[0] == "text":
        return None
    if want[0] == got[0] and (want[0] == "error" or want[1] == got[1]):
        return None
    return want[0] + "/" + got[0]


class Fuzzer:
    def __init__(self, oracle, elt):
        self.oracle, self.elt = oracle, elt

    def compare(self, macros, body, mode):
        want = self.oracle.render(str(macros), str(body), mode)
        got = self.elt.render(str(macros), str(body), mode)
        return difference(want, got), want, got

    def shrink(self, macros, body, mode, kind):
        """Replaces nodes by their descendants or by nothing while the difference stays."""
        left = 400
        changed = True
        while changed and left > 0:
            changed = False
            for root in (macros, body):
                for node in list(walk(root)):
                    for parts in smaller(node):
                        if left <= 0:
                            break
                        old, node.parts = node.parts, parts
                        left -= 1
                        if self.compare(macros, body, mode)[0] == kind:
                            changed = True
                            break
                        node.parts = old


def walk(node):
    yield node
    for child in node.children():
        yield from walk(child)


def smaller(node):
    if node.kind == "text":
        text = str(node)
        size = len(text) // 2
        while size:
            for at in range(0, len(text), size):
                yield [text[:at] + text[at + size:]]
            size //= 2
    if node.kind in ("stmt", "stmts", "macro") and node.parts:
        yield []
    if node.kind == "stmts":
        for i in range(len(node.parts)):
            yield node.parts[:i] + node.parts[i + 1:]
    if node.kind == "stmt":
        for child in node.children():
            if child.kind == "stmts":
                yield [child]
            if child.kind == "expr" and len(node.parts) > 1 and str(node)[:2] != "{{":
                yield ["{{ ", child, " }}"]
    if node.kind == "expr":
        if len(str(node)) > 1:
            for child in walk(node):
                if child is not node and child.kind == "expr" and "=" not in str(child.parts[:2]):
                    yield [child]
            for text in ("1", "''", "none", "'a'"):
                if len(str(node)) > len(text):
                    yield [text]


def record(path):
    oracle = Oracle()
    with open(path) as file:
        cases = json.load(file)
    for c in cases:
        kind, text = oracle.render(c.get("macros", ""), c["body"], c.get("mode", "sql"))
        c.pop("want", None), c.pop("error", None)
        c["want" if kind == "text" else "error"] = text
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--elt", help="the program of main.go")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--out", help="file for the differences; else standard output")
    parser.add_argument("--record", help="write what dbt answers into a file of cases, as in compiler/dbtcontext/testdata/jinja.json")
    parser.add_argument("--job", help="render one JSON job on both sides and print the answers")
    o = parser.parse_args()
    signal.signal(signal.SIGALRM, give_up)
    if o.record:
        record(o.record)
        return
    f = Fuzzer(Oracle(), Elt(o.elt))
    if o.job:
        j = json.loads(o.job)
        print(f.compare(j.get("macros", ""), j["body"], j.get("mode", "sql")))
        return
    out = open(o.out, "a") if o.out else sys.stdout
    rng = random.Random(o.seed)
    end = time.time() + o.minutes * 60
    count, seen = collections.Counter(), set()
    while time.time() < end:
        macros, body = grammar.template(rng)
        mode = rng.choices(["sql", "parse", "native"], [8, 2, 2])[0]
        kind, want, got = f.compare(macros, body, mode)
        count["templates"] += 1
        count["errors" if want[0] == "error" else "no answer" if want[0] == "none" else "texts"] += 1
        if kind is None:
            continue
        if kind != "error/crash" and kind != "text/crash" and KNOWN.search(str(macros) + str(body)):
            count["known"] += 1
            continue
        count["differ"] += 1
        if got[0] != "crash":  # each try would start elt anew
            f.shrink(macros, body, mode, kind)
        _, want, got = f.compare(macros, body, mode)
        key = (kind, re.sub(r"""'[^']*'|"[^"]*"|\b[0-9][0-9.e+-]*|[-+\s]|\bis not\b""", "", str(macros) + str(body)), re.sub("[0-9]", "", want[1])[:40])
        if key in seen:
            continue
        seen.add(key)
        print(json.dumps({"kind": kind, "mode": mode, "macros": str(macros), "body": str(body), "want": want[1], "got": got[1]}, ensure_ascii=False), file=out, flush=True)
    print(dict(count), file=sys.stderr)


main()
