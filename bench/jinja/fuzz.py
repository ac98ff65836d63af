"""Compare elt's templates with dbt's own Jinja, on random templates.

    go build -o /tmp/jinja ./bench/jinja
    python bench/jinja/fuzz.py --elt /tmp/jinja --seed 1 --minutes 10

with the Python of an environment that has dbt-core. Templates come from grammar.py; the
oracle is dbt's environment (dbt_common.clients.jinja) with dbt's base context and its macro
generator. A difference is made as small as it gets and printed, one of each kind, as a JSON
line. It is a difference if the texts differ, or if one side fails and the other does not,
or if elt's error has no place. The words of errors are not compared. A case that prints an
address of Python's, or a set's order, has no answer and does not count.

Templates come in batches of a thousand, each with a seed of its own, "SEED.BATCH"; --log
writes what each batch counted, so that a run that is stopped loses one batch, and --first
goes on with the next. --first 17 --batches 1 makes the templates of batch 17 again. Both
sides are processes with a limit of time and memory for each template: where Python reaches
it there is no answer, where elt does, that is a difference ("hang").
"""
import argparse
import collections
import datetime
import decimal
import itertools
import json
import multiprocessing
import os
import random
import re
import resource
import select
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

sys.dont_write_bytecode = True
import grammar

warnings.simplefilter("ignore")
SECONDS = 5  # for a template, on Python's side
MEMORY = 3 << 30  # of it, in bytes
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


def wrapped(fn):
    return lambda *args, **kwargs: fn(*args, **kwargs)


class TooLong(BaseException):
    pass


def give_up(*_):
    raise TooLong()


class Oracle:
    """dbt's rendering, in this process."""

    def __init__(self):
        self.base = BaseContext({}).to_dict()
        # dbt wraps these in functions with a warning that needs its flags.
        tools = {name: wrapped(getattr(itertools, name)) for name in self.base["modules"]["itertools"]}
        self.base["modules"] = {**self.base["modules"], "itertools": tools}

    def render(self, macros, body, mode):
        context = dict(self.base)
        context.update(values(), execute=mode != "parse", context=context)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
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

    def serve(self, pipe, mine):
        """Answers the jobs of a pipe, in a process with little memory."""
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.signal(signal.SIGALRM, give_up)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # log() and print() write there
        mine.close()
        while True:
            try:
                job = pipe.recv()
                pipe.send(self.render(*job))
            except TooLong:
                pipe.send(("none", "too long"))
            except MemoryError:
                pipe.send(("none", "memory"))
            except EOFError:
                os._exit(0)


class Dbt:
    """An Oracle in a process that ends where no signal reaches it: one long step of Python."""

    def __init__(self):
        self.oracle = Oracle()
        self.start()

    def start(self):
        fork = multiprocessing.get_context("fork")
        self.pipe, other = fork.Pipe()
        self.process = fork.Process(target=self.oracle.serve, args=(other, self.pipe), daemon=True)
        self.process.start()
        other.close()

    def ask(self, macros, body, mode):
        self.pipe.send((macros, body, mode))

    def answer(self):
        try:
            if self.pipe.poll(2 * SECONDS):
                return self.pipe.recv()
        except EOFError:
            pass
        self.process.kill()
        self.process.join()
        self.pipe.close()
        self.start()
        return "none", "ended"


class Elt:
    """The program of main.go."""

    def __init__(self, path):
        self.path = path
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ask(self, macros, body, mode):
        job = json.dumps({"macros": macros, "body": body, "mode": mode}) + "\n"
        self.process.stdin.write(job.encode())
        self.process.stdin.flush()

    def answer(self):
        line = self.line()
        if line is None:
            self.process.kill()
        if not line:
            trace = self.process.stderr.read().decode(errors="replace")
            self.process.wait()
            self.start()
            return "hang" if line is None else "crash", trace[:2000]
        answer = json.loads(line)
        if "text" in answer:
            return "text", answer["text"]
        if not answer.get("line"):
            return "nowhere", answer["error"]
        return "error", answer.get("jinja", answer["error"])

    def line(self):
        """A line of the output, b"" where it has ended, None where none comes in time."""
        parts, end = [], time.time() + 4 * SECONDS
        while not parts or not parts[-1].endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], max(end - time.time(), 0))[0]:
                return None
            part = os.read(self.process.stdout.fileno(), 1 << 16)
            if not part:
                return b""
            parts.append(part)
        return b"".join(parts)


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
    r"\|\s*(tojson|escape|e|forceescape|safe|xmlattr)\b.*[+%]",  # what these give is no Markup, which escapes what is added
]))
# And by what Python says: an infinite constant is a name in the code that Jinja writes.
KNOWN_ERRORS = re.compile(r"name '(inf|nan)' is not defined")


# elt's limits, which end what Python would take minutes and gigabytes for.
LIMITS = re.compile(r"^a value becomes too large|did not end within|^more than \d+ combinations|takes more than \d+ bytes|makes more than \d+ bytes|never ends")


def no_answer(want):
    """Whether there is nothing to compare with."""
    return want[0] == "none" or UNSTABLE.search(want[1]) and want[0] == "text"


def difference(want, got):
    """The kind of a difference, or None."""
    if got[0] in ("crash", "hang"):
        return want[0] + "/" + got[0]
    if no_answer(want):
        return None
    if want[0] == got[0] and (want[0] == "error" or want[1] == got[1]):
        return None
    return want[0] + "/" + got[0]


class Fuzzer:
    def __init__(self, oracle, elt, out):
        self.oracle, self.elt, self.out = oracle, elt, out
        self.seen = set()

    def run(self, o):
        """Batches of random templates until the time is over."""
        began, total = time.time(), collections.Counter()
        for batch in range(o.first, min(o.first + o.batches, sys.maxsize)):
            if time.time() > began + o.minutes * 60:
                break
            start, rng, count = time.time(), random.Random(f"{o.seed}.{batch}"), collections.Counter()
            for _ in range(o.size):
                self.one(rng, count, f"{o.seed}.{batch}")
            total.update(count)
            if o.log:
                with open(o.log, "a") as log:
                    print(json.dumps({"batch": f"{o.seed}.{batch}", "seconds": round(time.time() - start, 1), **count}), file=log)
        print(json.dumps({"minutes": round((time.time() - began) / 60, 1), "kinds": len(self.seen), **total}), file=sys.stderr)

    def one(self, rng, count, batch):
        """Makes a template, compares, and reports a difference of a kind not seen yet."""
        macros, body = grammar.template(rng)
        mode = rng.choices(["sql", "parse", "native"], [8, 2, 2])[0]
        kind, want, got = self.compare(macros, body, mode)
        count["templates"] += 1
        count["no answer" if no_answer(want) else want[0] + "s"] += 1
        if kind is None:
            return
        stuck = got[0] in ("crash", "hang")  # each try would start elt anew
        if got[0] == "error" and LIMITS.search(got[1]):
            count["limits"] += 1
            return
        if not stuck and (KNOWN.search(str(macros) + str(body)) or KNOWN_ERRORS.search(want[1])):
            count["known"] += 1
            return
        count["differ"] += 1
        if not stuck:
            self.shrink(macros, body, mode, kind)
            kind, want, got = self.compare(macros, body, mode)
        key = (kind, re.sub(r"""'[^']*'|"[^"]*"|\b[0-9][0-9.e+-]*|[-+\s]|\bis not\b""", "", str(macros) + str(body)), re.sub("[0-9]", "", want[1])[:40])
        if key in self.seen:
            return
        self.seen.add(key)
        self.report(batch, kind, mode, macros, body, want, got)

    def report(self, batch, kind, mode, macros, body, want, got):
        print(json.dumps({"batch": batch, "kind": kind, "mode": mode, "macros": str(macros), "body": str(body),
                          "want": want[1][:1000], "got": got[1][:1000]}, ensure_ascii=False), file=self.out, flush=True)

    def again(self, path):
        """The differences of an earlier run that have not gone."""
        with open(path) as file:
            finds = [json.loads(line) for line in file]
        left = 0
        for d in finds:
            kind, want, got = self.compare(d["macros"], d["body"], d["mode"])
            if kind is not None:
                left += 1
                self.report(d.get("batch"), kind, d["mode"], d["macros"], d["body"], want, got)
        print(f"{left} of {len(finds)} still differ", file=sys.stderr)

    def compare(self, macros, body, mode):
        for side in (self.elt, self.oracle):
            side.ask(str(macros), str(body), mode)
        want, got = self.oracle.answer(), self.elt.answer()
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
    parser.add_argument("--minutes", type=float, default=1, help="begin no batch later than this")
    parser.add_argument("--first", type=int, default=0, help="the first batch")
    parser.add_argument("--batches", type=int, default=sys.maxsize, help="end after so many")
    parser.add_argument("--size", type=int, default=1000, help="templates in a batch")
    parser.add_argument("--out", help="file for the differences; else standard output")
    parser.add_argument("--log", help="file for the figures of each batch")
    parser.add_argument("--record", help="write what dbt answers into a file of cases, as in compiler/dbtcontext/testdata/jinja.json")
    parser.add_argument("--again", help="compare the differences of a file once more, and print those that stay")
    parser.add_argument("--job", help="render one JSON job on both sides and print the answers")
    o = parser.parse_args()
    signal.signal(signal.SIGALRM, give_up)
    if o.record:
        record(o.record)
        return
    out = open(o.out, "a") if o.out else sys.stdout
    f = Fuzzer(Dbt(), Elt(o.elt), out)
    if o.job:
        j = json.loads(o.job)
        print(f.compare(j.get("macros", ""), j["body"], j.get("mode", "sql")))
    elif o.again:
        f.again(o.again)
    else:
        f.run(o)


main()
