"""Random templates by the grammar of dbt's Jinja.

`template(rng)` makes one: a tree of Node whose text is what `str` gives. What it uses is
weighted by how often projects use it: by the census of 10,507 files, `ref`, strings,
attributes, calls and loops stand far before the rest, but everything comes at times. Values
have a type, and one expression in forty has another one than is asked for, so that
errors are met too.
"""

STRINGS = ["id", "order_id", "A b", "", "1", "01", "-3", "2.50", "é", "ß", "İ", "it's", 'say "x"', "%s", "{}", "a,b,,c",
           "2024-01-31", "select 1", " x ", "a\\tb", "x\\ny", "True", "none", "null", "_", "a-b_c", "日本", "ab", "b", "B", "9999999999999999999",
           "1e3", "{'a': 1}", "[1, 2]", "%d%%", "{0}-{1}", "\\\\d+", "\\d", "ﬁ", "ǆ", "٣", "½", "\\x41", "\\u00e9", "a\\\nb", "l1\nl2\n", "\\r\\n", "nan", "inf", "0x1f", "1_000"]
INTS = ["0", "1", "2", "3", "10", "-1", "-7", "100", "1_000", "0x1F", "9223372036854775807", "12345678901234567890", "255", "0b11", "0o17", "5"]
FLOATS = ["1.5", "0.1", "-2.5", "1e3", "1e16", "1e15", "1.0", "0.0", "2.675", "1e-5", "123456.789", "3.0", "1.5e300", "0.5"]
NAMES = ["x", "y", "z", "a", "b", "c", "item", "cols", "k", "v"]


class Node:
    """A piece of a template. kind is "expr" or "stmt", of what a shrinker may put in its place."""
    __slots__ = ("kind", "parts")

    def __init__(self, kind, *parts):
        self.kind, self.parts = kind, list(parts)

    def __str__(self):
        return "".join(map(str, self.parts))

    def children(self):
        for p in self.parts:
            if isinstance(p, Node):
                yield p


def E(*parts):
    return Node("expr", *parts)


def joined(nodes, sep=", "):
    out = []
    for i, n in enumerate(nodes):
        if i:
            out.append(sep)
        out.append(n)
    return out


# Methods: name and the types of their arguments; "?" begins the optional ones.
STR_METHODS = {
    "capitalize": "", "casefold": "", "center": "i?s", "count": "s?ii", "endswith": "s?ii", "expandtabs": "?i",
    "find": "s?ii", "format": "?***", "format_map": "d", "index": "s?ii", "isalnum": "", "isalpha": "", "isascii": "",
    "isdecimal": "", "isdigit": "", "isidentifier": "", "islower": "", "isnumeric": "", "isprintable": "", "isspace": "",
    "istitle": "", "isupper": "", "join": "l", "ljust": "i?s", "lower": "", "lstrip": "?s", "partition": "s",
    "removeprefix": "s", "removesuffix": "s", "replace": "ss?i", "rfind": "s?ii", "rindex": "s", "rjust": "i?s",
    "rpartition": "s", "rsplit": "?si", "rstrip": "?s", "split": "?si", "splitlines": "?b", "startswith": "s?i", "strip": "?s",
    "swapcase": "", "title": "", "upper": "", "zfill": "i", "encode": "", "maketrans": "ss", "translate": "d"}
STR_USUAL = ["split", "lower", "startswith", "replace", "format", "upper", "join", "strip", "endswith", "rsplit", "find", "title"]
LIST_METHODS = {"append": "*", "extend": "l", "pop": "?i", "index": "*?ii", "count": "*", "insert": "i*", "remove": "*",
                "reverse": "", "sort": "", "copy": "", "clear": ""}
DICT_METHODS = {"get": "*?*", "update": "d", "items": "", "keys": "", "values": "", "pop": "*?*", "setdefault": "*?*", "copy": "",
                "clear": "", "popitem": "", "fromkeys": "l?*"}
INT_METHODS = {"bit_length": "", "conjugate": "", "bit_count": "", "as_integer_ratio": "", "is_integer": "", "hex": ""}
DATES = ["day", "dt", "dtz", "modules.datetime.date(2023, 1, 31)", "modules.datetime.datetime(2020, 12, 31, 23, 59, 59)",
         "modules.datetime.datetime.strptime('2024-03-01', '%Y-%m-%d')", "modules.datetime.datetime(2024, 7, 1, 12, 0, 0, 5)",
         "modules.pytz.timezone('Europe/Berlin').localize(modules.datetime.datetime(2024, 3, 31, 1, 30))",
         "modules.pytz.utc.localize(dt).astimezone(modules.pytz.timezone('America/New_York'))",
         "modules.datetime.timedelta(days=1, hours=-3)", "modules.datetime.timedelta(seconds=90061)",
         "modules.datetime.time(13, 4)", "modules.datetime.date.fromisoformat('2024-02-29')", "modules.datetime.timedelta(weeks=1)",
         "modules.datetime.datetime.fromisoformat('2024-02-29T10:11:12+02:00')"]
DATE_METHODS = {"strftime": "F", "isoformat": "?s", "date": "", "time": "", "weekday": "", "isoweekday": "", "isocalendar": "",
                "timetuple": "", "toordinal": "", "ctime": "", "total_seconds": "", "utcoffset": "", "tzname": "", "timestamp": "", "dst": ""}
DATE_ATTRS = ["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "days", "seconds", "min", "max", "resolution"]
FORMATS = ["'%Y-%m-%d'", "'%Y%m%d%H%M%S'", "'%d/%b/%y %I:%M %p'", "'%A %B %-d %j %U %W %w %u %G-W%V'", "'%f %z %Z %%'", "'%c|%x|%X'", "'%s%q'", "'%e %k %D %T %R %F'", "''", "'é%Y'"]

# Filters: the type they want and that of their arguments, keywords behind ":".
FILTERS = [
    ("lower", "s", ""), ("trim", "s", "?s"), ("join", "l", "?s"), ("list", "*", ""), ("length", "*", ""), ("replace", "s", "ss?i"),
    ("string", "*", ""), ("upper", "s", ""), ("default", "*", "?*:default_value=*,boolean=b"), ("int", "*", "?ii:default=*,base=i"), ("sort", "l", "?bb:attribute=A,reverse=b,case_sensitive=b"),
    ("unique", "l", ":case_sensitive=b,attribute=A"), ("first", "*", ""), ("last", "*", ""), ("tojson", "*", "?i:indent=i"), ("round", "n", "?i:precision=i,method=M"), ("indent", "s", "?ibb:width=i,first=b,blank=b"),
    ("reverse", "*", ""), ("groupby", "r", "A:attribute=A,default=*,case_sensitive=b"), ("batch", "l", "i?*"), ("slice", "l", "i?*"), ("max", "l", ":attribute=A,case_sensitive=b"), ("min", "l", ":attribute=A"),
    ("as_bool", "*", ""), ("as_native", "*", ""), ("as_number", "*", ""), ("as_text", "*", ""), ("float", "*", "?*"), ("dictsort", "d", "?bPb:by=P,reverse=b"), ("sum", "l", ":attribute=A,start=*"),
    ("attr", "*", "s"), ("format", "s", "?**"), ("capitalize", "s", ""), ("abs", "n", ""), ("center", "s", "?i"), ("count", "*", ""), ("d", "*", "?*"), ("items", "d", ""), ("title", "s", ""), ("truncate", "s", "?ibs:length=i,killwords=b,end=s,leeway=i"),
    ("wordcount", "s", ""), ("wordwrap", "s", "?i:width=i,wrapstring=s"), ("urlencode", "*", ""), ("escape", "s", ""), ("e", "s", ""), ("striptags", "s", ""), ("filesizeformat", "n", "?b"), ("is_list", "*", ""), ("safe", "s", ""), ("xmlattr", "d", "?b"), ("forceescape", "s", ""), ("pprint", "*", "")]
FILTER_WEIGHTS = [430, 238, 249, 226, 277, 151, 97, 65, 60, 85, 40, 30, 40, 15, 20, 25, 20, 15, 15, 10, 6, 8, 8, 12, 12, 12, 8, 12, 12, 12, 8, 12, 10]
FILTER_WEIGHTS += [5] * (len(FILTERS) - len(FILTER_WEIGHTS))
TESTS = [("none", "", 90), ("string", "", 30), ("defined", "", 25), ("mapping", "", 22), ("iterable", "", 12), ("number", "", 9), ("sequence", "", 9), ("true", "", 5),
         ("integer", "", 5), ("boolean", "", 5), ("false", "", 4), ("float", "", 4), ("undefined", "", 5), ("even", "", 3), ("odd", "", 3), ("callable", "", 3), ("lower", "", 2), ("upper", "", 2),
         ("divisibleby", "i", 3), ("eq", "*", 3), ("equalto", "*", 2), ("ne", "*", 2), ("gt", "*", 2), ("lt", "*", 2), ("ge", "*", 1), ("le", "*", 1), ("in", "*", 3), ("sameas", "*", 2), ("escaped", "", 1), ("filter", "", 1), ("test", "", 1), ("greaterthan", "*", 1), ("lessthan", "*", 1)]
RE_PATTERNS = ["'a'", "'[a-z]+'", "'(\\w)(\\d*)'", "'\\\\s+'", "'(?P<n>.)'", "'(?i)A'", "'^x|b$'", "'[,_ -]'", "'(a)|(b)'", "'('", "'.*?'", "''", "'\\\\b'"]
SPECS = ["{}", "{0}", "{:>5}", "{:<5}|", "{:^6}", "{:05d}", "{:.2f}", "{:,}", "{:+}", "{!r}", "{!s:>4}", "{0[0]}", "{a}", "{:x}", "{:e}", "{:%}", "{:g}", "{:*^9}", "{:_}", "{{}}", "{:#x}", "{:b}", "{:.3}", "{:%Y-%m}", "{0.year}", "{", "}", "{:08.3f}", "{:{}}", "{:n}", "{:c}", "{:.0f}", "{:10,.2f}", "{: d}", "{:=+6}", "{:s}"]
PERCENTS = ["%s", "%d", "%5.2f", "%-5s|", "%05d", "%x", "%r", "%%", "%(a)s", "%i", "%e", "%g", "%+d", "%c", "%.1s", "%X", "%o", "%10s", "% d", "%.3f", "%#x", "%a", "%", "%q", "%*d"]


class Maker:
    """Makes one template. depth bounds how deep expressions nest."""

    def __init__(self, rng):
        self.rng = rng
        self.names = {"g": "d", "rows": "r"}  # and their types
        self.macros = []
        self.loop = 0
        self.in_macro = False

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, items):
        return self.rng.choice(items)

    # Expressions.

    def expr(self, want="*", depth=3):
        if self.chance(1 / 40):
            want = "*"
        if want == "*":
            want = self.rng.choices("sildbnrtNDU", [30, 12, 12, 10, 6, 5, 3, 4, 5, 4, 1])[0]
        if depth <= 0 or self.chance(0.2):
            return self.leaf(want)
        if self.chance(0.22):
            return self.wrap(want, depth - 1)
        return getattr(self, "expr_" + want)(depth - 1)

    def leaf(self, want):
        known = [n for n, t in list(self.names.items())[-6:] if t == want or t == "*" and self.chance(0.3) or self.chance(0.02)]
        if known and self.chance(0.5):
            return E(self.pick(known))
        if want in "Fs":
            return self.string()
        if want == "i":
            return E(self.pick(INTS[:7]) if self.chance(0.8) else self.pick(INTS))
        if want == "n":
            return E(self.pick(INTS + FLOATS + ["dec", "dec2"]))
        if want == "b":
            return E(self.pick(["true", "false", "True", "False", "execute"]))
        if want == "l":
            return E(self.pick(["[]", "[1, 2, 3]", "['b', 'a', 'C']", "g.l", "[0, '', none]", "('x', 'y')", "range(3)", "[1.5, true]", "'abc'", "[('a', 1), ('b', 2)]", "[[1], [2, 3]]", "['a', none, 1]"]))
        if want == "d":
            return E(self.pick(["{}", "{'b': 1, 'a': 2}", "g", "rows[0]", "{1: 'x', none: 2}", "{'A': {'n': [1]}}", "{'a': 'z', 'B': 'y'}"]))
        if want == "r":
            return E(self.pick(["rows", "[{'n': 1}, {'n': 2, 't': 'x'}]", "[g]", "rows + rows"]))
        if want == "t":
            return E(self.pick(["()", "(1,)", "(1, 'a')", "('a', none, 2.0)"]))
        if want == "N":
            return E(self.pick(["none", "None"]))
        if want == "D":
            return E(self.pick(DATES))
        if want == "U":
            return E(self.pick(["nope", "g.nope", "rows[9]", "g['zz'].y", "nope.x", "loop", "caller", "varargs", "kwargs", "none.x", "g.s.nope"]))
        return self.string()

    def string(self):
        s = self.pick(STRINGS)
        q = self.pick("''\"")
        if q in s:
            q = "'\""[q == "'"]
            if q in s:
                s = s.replace(q, "\\" + q)
        return E(q + s + q)

    def wrap(self, want, depth):
        """Forms that can have any type."""
        form = self.rng.randrange(13)
        if form < 3:
            parts = [self.expr(want, depth), " if ", self.expr("b", depth)]
            if self.chance(0.75):
                parts += [" else ", self.expr(want, depth)]
            return E("(", *parts, ")")
        if form == 3:
            return E("(", self.expr(want, depth), self.pick([" or ", " and "]), self.expr(want, depth), ")")
        if form == 4:
            return E(self.postfix("l", depth), "[", self.expr("i", 0), "]")
        if form == 5:
            return E(self.postfix("d", depth), "[", self.expr("s", 0), "]")
        if form == 6:
            return E(self.postfix("d", depth), self.pick([".get(", ".pop(", ".setdefault("]), self.expr("s", 0), ", ", self.expr(want, depth), ")")
        if form == 7 and self.macros:
            return self.macro_call(depth)
        if form == 8:
            return E("(", self.expr("l", depth), "|", self.pick(["first", "last", "max", "min"]), ")")
        if form == 9:
            return E("(", self.expr("*", depth), "|default(", self.expr(want, depth), self.pick(["", "", ", true"]), "))")
        if form == 10:
            return E(self.pick(["g", "rows[0]", "(rows|first)", "loop", "ns", "g.l"]), ".", self.pick(["k", "l", "s", "n", "f", "b", "t", "index", "first", "last", "items", "append", "x"]))
        if form == 11:
            return self.filtered(want, depth)
        return E("(", self.expr(want, depth), ")")

    def args(self, spec, depth):
        """Arguments by a specification: types, "?" before optional ones, keywords behind ":"."""
        spec, _, keywords = spec.partition(":")
        out, optional = [], False
        for c in spec:
            if c == "?":
                optional = True
            elif optional and self.chance(0.6):
                break
            else:
                out.append(self.arg(c, depth))
        if keywords:
            for kw in keywords.split(","):
                if self.chance(0.3) and not (len(out) > 1 and self.chance(0.8)):
                    name, kind = kw.split("=")
                    out.append(E(name, "=", self.arg(kind, depth)))
        if self.chance(0.01):
            out.append(self.expr("*", 0))
        return out

    def arg(self, kind, depth):
        if kind == "F":
            return E(self.pick(FORMATS))
        if kind == "A":
            return E(self.pick(["'n'", "'t'", "'k'", "0", "1", "'l.0'", "'t,n'", "'x'"]))
        if kind == "M":
            return E(self.pick(["'common'", "'ceil'", "'floor'", "'x'"]))
        if kind == "P":
            return E(self.pick(["'key'", "'value'"]))
        return self.expr(kind, min(depth, 1))

    def filtered(self, want, depth):
        r = self.rng.random()
        if r < 0.12:
            return E("(", self.expr("r", depth), "|map(", self.pick(["attribute='n'", "attribute='t'", "attribute='x', default='d'", "'upper'", "'string'", "'length'", "'default', 1", "attribute='n.m'", "'items'", "'tojson'", "'replace', 'a', 'b'"]), ")", self.pick(["|list", "|join(',')", "", "|sort|list", "|sum", "|unique|list"]), ")")
        if r < 0.18:
            return E("(", self.expr("r", depth), "|", self.pick(["selectattr", "rejectattr"]), "('", self.pick(["n", "t", "x", "n.m"]), "'", self.pick(["", ", 'equalto', 2", ", 'in', [1, 'a']", ", 'gt', 1", ", 'defined'", ", 'none'", ", '==', 'a'", ", 'nosuch'"]), ")|list)")
        if r < 0.24:
            return E("(", self.expr("l", depth), "|", self.pick(["select", "reject"]), "(", self.pick(["", "'string'", "'odd'", "'none'", "'gt', 1", "'in', ['a', 1]", "'equalto', 'a'"]), ")|list)")
        name, of, spec = self.rng.choices(FILTERS, FILTER_WEIGHTS)[0]
        args = self.args(spec, depth)
        call = ["(", *joined(args), ")"] if args or self.chance(0.03) else []
        return E("(", self.expr(of, depth), self.pick(["|", "|", " | "]), name, *call, ")")

    def method(self, of, table, depth, usual=None):
        name = self.pick(usual) if usual and self.chance(0.6) else self.pick(sorted(table))
        return E(self.postfix(of, depth), ".", name, "(", *joined(self.args(table[name], depth)), ")")

    def postfix(self, of, depth):
        """An expression that may stand before a dot."""
        e = self.expr(of, depth)
        s = str(e)
        return E("(", e, ")") if s[:1] in "-0123456789" or " " in s or "|" in s else e

    def expr_s(self, depth):
        r = self.rng.random()
        if r < 0.25:
            return self.method("s", STR_METHODS, depth, STR_USUAL)
        if r < 0.45:
            return E("(", *joined([self.expr(self.pick("ss*"), depth) for _ in range(self.rng.randint(2, 3))], " ~ "), ")")
        if r < 0.52:
            return E("(", self.expr("s", depth), " + ", self.expr("s", depth), ")")
        if r < 0.60:
            spec = "".join(self.pick(SPECS) for _ in range(self.rng.randint(1, 2)))
            args = [self.expr("*", depth - 1) for _ in range(self.rng.randint(1, 2))]
            if self.chance(0.3):
                args.append(E("a=", self.expr("*", 0)))
            return E("'", spec, "'.format(", *joined(args), ")")
        if r < 0.68:
            spec = "".join(self.pick(PERCENTS) for _ in range(self.rng.randint(1, 2)))
            right = self.pick([self.expr("*", depth - 1), E("(", self.expr("*", 0), ", ", self.expr("*", 0), ")"), E("{'a': ", self.expr("*", 0), "}")])
            return E("('", spec, "' % ", right, ")")
        if r < 0.73:
            return E(self.postfix("s", depth), "[", self.slice(), "]")
        if r < 0.76:
            return E("(", self.expr("s", depth), " * ", self.expr("i", 0), ")")
        if r < 0.80:
            return E(self.pick(["tojson", "toyaml"]), "(", self.expr("*", depth), self.pick(["", "", ", sort_keys=true", ", none"]), ")")
        if r < 0.83:
            return self.regex(depth)
        if r < 0.86:
            return E("local_md5(", self.expr("s", depth), ")")
        if r < 0.90:
            return self.date_text(depth)
        return self.filtered("s", depth)

    def slice(self):
        def bound():
            return self.expr("i", 0) if self.chance(0.6) else E("")
        parts = [bound(), ":", bound()]
        if self.chance(0.25):
            parts += [":", bound()]
        return E(*parts)

    def expr_F(self, depth):
        return E(self.pick(FORMATS))

    def expr_i(self, depth):
        r = self.rng.random()
        if r < 0.5:
            return E("(", self.expr("i", depth), self.pick([" + ", " - ", " * ", " // ", " % ", "+", "-"]), self.expr("i", depth), ")")
        if r < 0.56:
            return E("(-", self.expr("i", depth), ")")
        if r < 0.62:
            return E("(", self.expr("i", 0), " ** ", self.pick(["2", "3", "0", "-1"]), ")")
        if r < 0.8:
            return E("(", self.expr("*", depth), "|", self.pick(["length", "int", "count"]), ")")
        if r < 0.85:
            return self.method("n", INT_METHODS, depth)
        return self.expr_n(depth)

    def expr_n(self, depth):
        r = self.rng.random()
        if r < 0.5:
            return E("(", self.expr("n", depth), self.pick([" + ", " - ", " * ", " / ", " // ", " % "]), self.expr("n", depth), ")")
        if r < 0.6:
            return E("(", self.pick(["-", "+"]), self.expr("n", depth), ")")
        if r < 0.7:
            return E("(", self.expr("n", 0), " ** ", self.pick(["2", "0.5", "0", "-1", "3"]), ")")
        if r < 0.85:
            return E("(", self.expr("n", depth), "|", self.pick(["round", "round(1)", "round(2)", "abs", "float", "int", "round(1, 'ceil')", "round(-1)", "round(method='floor')"]), ")")
        return self.method("n", INT_METHODS, depth)

    def expr_b(self, depth):
        r = self.rng.random()
        if r < 0.3:
            kind = self.pick("sin*ltdD")
            return E("(", self.expr(kind, depth), self.pick([" == ", " == ", " != ", " < ", " > ", " <= ", " >= "]), self.expr(kind, depth), ")")
        if r < 0.4:
            return E("(", self.expr("*", depth), self.pick([" in ", " not in "]), self.expr(self.pick("lsd*"), depth), ")")
        if r < 0.5:
            return E("(not ", self.expr("*", depth), ")")
        if r < 0.6:
            return E("(", self.expr("b", depth), self.pick([" and ", " or "]), self.expr("b", depth), ")")
        if r < 0.63:
            return E("(", self.expr("i", 0), " < ", self.expr("i", 0), self.pick([" < ", " == ", " in ", " <= "]), self.expr("*", 0), ")")
        name, spec, _ = self.rng.choices(TESTS, [t[2] for t in TESTS])[0]
        args = self.args(spec, depth)
        shape = ["(", *joined(args), ")"] if args and self.chance(0.7) else [" ", *joined(args)] if args else []
        return E("(", self.expr("*", depth), self.pick([" is ", " is ", " is not "]), name, *shape, ")")

    def expr_l(self, depth):
        r = self.rng.random()
        if r < 0.35:
            items = [self.expr("*", depth - 1) for _ in range(self.rng.randint(0, 4))]
            return E("[", *joined(items), self.pick(["", "", ", "]) if items else "", "]")
        if r < 0.45:
            return self.method("l", LIST_METHODS, depth)
        if r < 0.53:
            return E(self.postfix("l", depth), "[", self.slice(), "]")
        if r < 0.6:
            return E("(", self.expr("l", depth), self.pick([" + ", " * "]), self.expr(self.pick("li"), depth), ")")
        if r < 0.7:
            return E(self.postfix("d", depth), ".", self.pick(["items", "keys", "values"]), "()", self.pick(["", "|list", "|list"]))
        if r < 0.74:
            return E("range(", *joined([self.expr("i", 0) for _ in range(self.rng.randint(1, 3))]), ")")
        if r < 0.80:
            return E(self.postfix("s", depth), ".", self.pick(["split", "rsplit"]), "(", *joined(self.args("?si", 0)), ")")
        if r < 0.84:
            return E(self.pick(["zip", "zip", "zip_strict"]), "(", self.expr("l", depth), ", ", self.expr("l", depth), ")", self.pick(["", "|list"]))
        if r < 0.87:
            return E("set(", self.expr("l", depth), ")", self.pick(["|sort", "|list|sort", "|length"]))
        if r < 0.92:
            fn, spec = self.pick([("chain", "ll"), ("islice", "li"), ("product", "ll"), ("combinations", "li"), ("permutations", "l?i"), ("accumulate", "l"), ("compress", "ll"), ("zip_longest", "ll"), ("repeat", "*i"), ("combinations_with_replacement", "li")])
            return E("modules.itertools.", fn, "(", *joined(self.args(spec, 0)), ")|list")
        if r < 0.95:
            return self.regex(depth)
        return self.filtered("l", depth)

    def expr_r(self, depth):
        return self.leaf("r") if self.chance(0.6) else E("[", *joined([self.expr("d", depth) for _ in range(self.rng.randint(1, 3))]), "]")

    def expr_t(self, depth):
        items = [self.expr("*", depth) for _ in range(self.rng.randint(0, 3))]
        return E("(", *joined(items), "," if len(items) == 1 else "", ")")

    def expr_d(self, depth):
        r = self.rng.random()
        if r < 0.55:
            pairs = [E(self.expr(self.pick("ssssi*"), 0), ": ", self.expr("*", depth - 1)) for _ in range(self.rng.randint(0, 3))]
            return E("{", *joined(pairs), self.pick(["", "", ","]) if pairs else "", "}")
        if r < 0.7:
            return self.method("d", DICT_METHODS, depth)
        if r < 0.8:
            return E("dict(", *joined([E(self.pick(NAMES), "=", self.expr("*", 0)) for _ in range(self.rng.randint(0, 2))]), ")")
        if r < 0.9:
            text = self.pick(['{"a": [1, 2.50, null, true], "b": "x"}', '[1, "é"]', '"x"', "1e2", "{bad", "", "12345678901234567890", '{"a": 1, "a": 2}', "NaN", "\\\"\\\\u00e9\\\""])
            return E("fromjson('", text, "'", self.pick(["", ", 'd'", ", none"]), ")")
        text = self.pick(["a: 1\\nb: [x, 2.0, ~]", "- 1\\n- yes\\n- 2024-01-01", "a: {b: c}", "1", "''", "a: 'x'\\n", "x: 0o17\\ny: 017\\nz: 1_0", ": :", "a: on\\nb: NO", "- 1.5e3\\n- .inf\\n- 12e03", "k: |\\n  l1\\n  l2\\n", "d: 2024-01-01 10:00:00", "a: &x 1\\nb: *x", "[", "t: 1:30"])
        return E('fromyaml("', text, '"', self.pick(["", ", 'd'"]), ")")

    def expr_N(self, depth):
        return E("none")

    def expr_U(self, depth):
        return self.leaf("U")

    def expr_D(self, depth):
        r = self.rng.random()
        if r < 0.4:
            return self.leaf("D")
        if r < 0.6:
            return E("(", self.pick(DATES), self.pick([" + ", " - ", " * ", " < ", " == "]), self.pick([*DATES, "modules.datetime.timedelta(days=1)", "modules.datetime.timedelta(hours=-5)", "2", "dt", "day"]), ")")
        if r < 0.75:
            return E(self.leaf("D"), ".", self.pick(DATE_ATTRS))
        return self.date_text(depth)

    def date_text(self, depth):
        name = "strftime" if self.chance(0.4) else self.pick(sorted(DATE_METHODS))
        of = self.pick(DATES)
        if self.chance(0.15):
            return E(of, ".replace(", self.pick(["day=1", "month=2", "hour=0, minute=0", "year=2023", "tzinfo=none", "microsecond=1"]), ")")
        return E(of, ".", name, "(", *joined(self.args(DATE_METHODS[name], 0)), ")")

    def regex(self, depth):
        p = self.pick(RE_PATTERNS)
        s = self.expr("s", depth - 1)
        form = self.rng.randrange(8)
        if form == 0:
            return E("modules.re.findall(", p, ", ", s, ")")
        if form == 1:
            return E("modules.re.sub(", p, ", ", self.pick(["'-'", "'<\\\\1>'", "'\\\\g<0>!'", "''"]), ", ", s, self.pick(["", ", 1", ", count=2"]), ")")
        if form == 2:
            return E("modules.re.split(", p, ", ", s, self.pick(["", ", 1"]), ")")
        if form == 3:
            return E("modules.re.", self.pick(["match", "search", "fullmatch"]), "(", p, ", ", s, self.pick(["", ", modules.re.IGNORECASE"]), ")", self.pick([".group()", ".groups()", ".span()", " is none", ".group(1)", ".start()", ".groupdict()", "[0]"]))
        if form == 4:
            return E("modules.re.escape(", s, ")")
        if form == 5:
            return E("modules.re.compile(", p, ").", self.pick(["findall", "split"]), "(", s, ")")
        return E("modules.re.sub(", p, ", ", self.expr("s", 0), ", ", s, ")")

    def macro_call(self, depth):
        name, params = self.pick(self.macros)
        args = [self.expr("*", depth) for _ in range(self.rng.randint(0, len(params) + (1 if self.chance(0.2) else 0)))]
        for p in params[len(args):]:
            if self.chance(0.5):
                args.append(E(p, "=", self.expr("*", depth)))
        if self.chance(0.06):
            args.append(E("zz=", self.expr("*", 0)))
        if self.chance(0.06):
            args.append(E("*", self.expr("l", 0)))
        if self.chance(0.06):
            args.append(E("**", self.expr("d", 0)))
        return Node("call", name, "(", *joined(args), self.pick(["", "", "", ","]) if args else "", ")")

    # Statements.

    def tag(self, *parts):
        l, r = self.pick(["", "", "", "-", "+"][: 5 if self.chance(0.1) and not self.in_macro else 4]), self.pick(["", "", "", "-"])
        gap = "\n" if self.chance(0.04) else " "
        return ["{%" + l + gap, *parts, gap + r + "%}"]

    def text(self):
        return Node("stmt", self.pick(["\n", " ", "\n  ", ",\n", "select ", "from t\n", "  \n\n", "a", "é", "--x\n", "'", "#", "{ ", "}", "\t", "\r\n", "%", "and ", "{# c #}", "{#- c\n-#}", "{% raw %}{{ x }}{% endraw %}", "", "-- {{ 1 }}\n"]))

    def statements(self, n, depth):
        return Node("stmts", *[self.statement(depth) for _ in range(n)])

    def statement(self, depth):
        r = self.rng.random()
        if r < 0.28:
            return self.text()
        if r < 0.58 or depth <= 0:
            l, e = self.pick(["{{ ", "{{ ", "{{ ", "{{- ", "{{"]), self.pick([" }}", " }}", " }}", " -}}", "}}"])
            return Node("stmt", l, self.expr("*", 3), e)
        if r < 0.72:
            name, kind = self.pick(NAMES), self.pick("sssilldndb*")
            out = Node("stmt", *self.tag("set ", name, self.pick([" = ", "="]), self.expr(kind, 3)))
            self.names[name] = kind
            return out
        if r < 0.78:
            return Node("stmt", *self.tag("do ", self.do()))
        forms = ["if_", "for_", "set_block", "set_tuple", "namespace", "call", "filter_block", "return_", "inner_macro", "with_"]
        # A macro in a macro is an error of dbt's scanner.
        weights = [30, 30, 8, 4, 8, 5, 3, 4 + 16 * self.in_macro, 2 - 2 * self.in_macro, 2]
        return getattr(self, self.rng.choices(forms, weights)[0])(depth - 1)

    def do(self):
        kind = self.pick("lld")
        known = [n for n, t in self.names.items() if t == kind]
        if not known or self.chance(0.3):
            return self.expr("*", 3)
        if kind == "l":
            return E(self.pick(known), self.pick([".append(", ".append(", ".remove("]), self.expr("*", 2), ")")
        return E(self.pick(known), ".update({", self.expr("s", 0), ": ", self.expr("*", 2), "})")

    def if_(self, depth):
        parts = [*self.tag("if ", self.expr("b", 3)), self.statements(self.rng.randint(1, 3), depth)]
        if self.chance(0.2):
            parts += [*self.tag("elif ", self.expr("b", 2)), self.statements(self.rng.randint(0, 2), depth)]
        if self.chance(0.4):
            parts += [*self.tag("else"), self.statements(self.rng.randint(0, 2), depth)]
        return Node("stmt", *parts, *self.tag("endif"))

    def for_(self, depth):
        form = self.rng.random()
        saved = dict(self.names)
        if form < 0.6:
            target, over = self.pick(NAMES), self.expr("l", 2)
            new = [target]
        elif form < 0.85:
            target, over, new = "k, v", E(self.postfix("d", 1), ".items()"), ["k", "v"]
        elif form < 0.93:
            target, over, new = "a, b", E("[(1, 'x'), (2, 'y')]"), ["a", "b"]
        else:
            target, over, new = self.pick(["(a, b), c", "a, (b, c)", "a, b, c"]), self.pick([E("[((1, 2), 3)]"), E("[(1, (2, 3))]"), E("rows"), E("g.items()")]), ["a", "b", "c"]
        head = ["for ", target, " in ", over]
        self.names.update(dict.fromkeys(new, "*"))
        if self.chance(0.12):
            head += [" if ", self.expr("b", 2)]
        recursive = self.chance(0.06)
        if recursive:
            head.append(" recursive")
        self.loop += 1
        body = [self.statements(self.rng.randint(1, 3), depth)]
        if recursive:
            body.append(Node("stmt", "{{ loop(", self.pick(["[]", new[0] + " if loop.depth < 3", "[1, 2] if loop.depth < 2 else []"]), ") }}{{ loop.depth }}"))
        if self.chance(0.4):
            body.append(Node("stmt", self.pick(["{% if not loop.last %},{% endif %}", "{{ loop.index }}", "{{ loop.index0 }}/{{ loop.length }}", "{{ ',' if not loop.last }}", "{% if loop.first %}F{% endif %}", "{{ loop.revindex }}{{ loop.revindex0 }}", "{{ loop.cycle('a', 'b') }}", "{{ loop.previtem }}|{{ loop.nextitem }}", "{{ loop.changed(loop.index // 2) }}", "{{ loop.depth }}{{ loop.depth0 }}", "{{ loop }}"])))
        if self.chance(0.06):
            body.append(Node("stmt", *self.tag("if ", self.expr("b", 1)), self.pick(["{% break %}", "{% continue %}", "{% with %}{% break %}{% endwith %}"]), *self.tag("endif"), self.text()))
        self.loop -= 1
        self.names = saved
        if self.chance(0.1):
            body += [*self.tag("else"), self.statements(1, depth)]
        return Node("stmt", *self.tag(*head), *body, *self.tag("endfor"))

    def with_(self, depth):
        saved = dict(self.names)
        names = self.pick([[], ["x"], ["a"], ["x", "y"]])
        head = joined([E(n, " = ", self.expr("*", 2)) for n in names])
        self.names.update(dict.fromkeys(names, "*"))
        body = self.statements(self.rng.randint(1, 3), depth)
        self.names = saved
        return Node("stmt", *self.tag("with ", *head), body, *self.tag("endwith"))

    def set_block(self, depth):
        name = self.pick(NAMES)
        flt = self.pick(["", "", "", " | trim", " | upper | replace('A', 'b')", " | length"])
        out = Node("stmt", *self.tag("set ", name, flt), self.statements(self.rng.randint(0, 3), depth), *self.tag("endset"))
        self.names[name] = "s"
        return out

    def set_tuple(self, depth):
        out = Node("stmt", *self.tag("set a, b = ", self.pick([E(self.expr("*", 1), ", ", self.expr("*", 1)), self.expr("l", 1)])))
        self.names.update(a="*", b="*")
        return out

    def namespace(self, depth):
        out = Node("stmt", *self.tag("set ns = namespace(", *joined([E("x=", self.expr("*", 1)), E("found=false")][: self.rng.randint(0, 2)]), ")"),
                   self.statements(self.rng.randint(0, 1), depth), *self.tag("set ns.x = ", self.expr("*", 2)), "{{ ns.x }}", self.pick(["", "{{ ns.y }}", "{{ ns['x'] }}", "{{ ns }}"]))
        self.names["ns.x"] = "*"
        return out

    def call(self, depth):
        head = self.macro_call(1) if self.macros else E("nope()")
        params = self.pick(["", "", "(c)", "(c, d=1)"])
        return Node("stmt", *self.tag("call", params, " ", head), self.statements(self.rng.randint(1, 2), depth), *self.tag("endcall"))

    def filter_block(self, depth):
        return Node("stmt", *self.tag("filter ", self.pick(["upper", "trim", "replace('a', 'b')", "indent(2)", "trim|length|string", "length"])), self.statements(self.rng.randint(1, 2), depth), *self.tag("endfilter"))

    def return_(self, depth):
        if self.in_macro or self.chance(0.05):
            value = self.expr("*", 3)
            return Node("stmt", "{{ return(", value, ") }}") if self.chance(0.6) else Node("stmt", *self.tag("do return(", value, ")"))
        return self.text()

    def inner_macro(self, depth):
        return Node("stmt", *self.tag("macro ", self.pick("mnx"), "()"), self.statements(1, 0), *self.tag("endmacro"))

    def macro(self, name):
        params = self.pick([[], ["p"], ["p", "q"], ["p", "q", "r"]])
        head, defaulted = [], False
        self.names, self.in_macro = {"g": "d", **dict.fromkeys(params, "*")}, True
        for i, p in enumerate(params):
            defaulted = defaulted or self.chance(0.4)
            head.append(Node("param", p, "=", E(params[i - 1]) if i and self.chance(0.2) else self.expr("*", 1)) if defaulted else p)
        body = self.statements(self.rng.randint(1, 4), 2)
        tail = Node("stmt", self.pick(["", "", "", "{{ varargs }}", "{{ kwargs }}", "{{ caller() }}", "{{ caller(1) if caller }}", "{{ varargs|length }}{{ kwargs.zz }}", "{% if caller is defined %}{{ caller() }}{% endif %}", "{{ p }}"]))
        ret = Node("stmt", *self.tag("do return(", self.expr("*", 3), ")")) if self.chance(0.35) else ""
        self.macros.append((name, params))
        head_tag, end = self.tag("macro ", name, "(", *joined(head), ")"), self.tag("endmacro")
        self.in_macro = False
        return Node("macro", *head_tag, body, tail, ret, *end, "\n")


def mutated(rng, text):
    """The text with a few characters more or less: mostly a mistake."""
    for _ in range(rng.choice([1, 1, 2, 3])):
        at = rng.randrange(len(text) + 1)
        end = min(at + rng.choice([0, 1, 1, 2, 5]), len(text))
        text = text[:at] + rng.choice(["", "", "{{", "}}", "{%", "%}", "-", "'", '"', "(", ")", "[", "]", "{", "}", ",", ".", "|", " is ", " if ", " not ", "~", "=", "\\", "\n", "#", "{#", "#}", " in ", "1", "x", "*", "**", "%", "é", "{% endif %}", "{% else %}", "$", "!"]) + text[end:]
    return text


def template(rng):
    """A pair of trees: the macros of a file, and a template that may call them. One in ten
    is mutated."""
    m = Maker(rng)
    macros = Node("stmts")
    if m.chance(0.45):
        for name in ["m1", "m2", "m3"][: rng.randint(1, 3)]:
            macros.parts.append(m.macro(name))
    m.names = {"g": "d", "rows": "r"}
    body = m.statements(rng.choice([1, 1, 2, 3, 4, 6]), rng.choice([1, 2, 3]))
    if m.chance(0.1):
        body = Node("text", mutated(rng, str(body)))
    return macros, body
