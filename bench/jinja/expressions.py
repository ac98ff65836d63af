"""Random expressions, as trees whose text is what `str` gives."""
from words import *


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
    """The nodes with what is between them; lists of more than two stand on lines of their own."""
    if len(nodes) > 2 and sep == ", ":
        sep = ",\n  "
    out = []
    for i, n in enumerate(nodes):
        if i:
            out.append(sep)
        out.append(n)
    return out


class Expressions:
    """Makes expressions. depth bounds how deep they nest."""

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
        if self.chance(1 / 90):
            want = "*"
        if want == "*":
            want = self.rng.choices("sildbnrtNDU", [30, 12, 12, 10, 6, 5, 3, 4, 5, 4, 1])[0]
        if depth <= 0 or self.chance(0.2):
            return self.leaf(want)
        if self.chance(0.22):
            return self.wrap(want, depth - 1)
        return getattr(self, "expr_" + want)(depth - 1)

    def leaf(self, want):
        known = [n for n, t in list(self.names.items())[-6:] if t == want or t == "*" and self.chance(0.3) or self.chance(0.008)]
        if known and self.chance(0.5):
            return E(self.pick(known))
        if want in "Fs":
            return self.string()
        if want == "p":
            return E(self.pick(["'%s'", "'%(a)s|%(b)s'", "'%s and %s'", "'%d%%'", "'%5.1f'", "'%(a)d'", "''", "'%s %(a)s'"]))
        if want == "i":
            return E(self.pick(INTS[:7]) if self.chance(0.8) else self.pick(INTS))
        if want == "n":
            return E(self.pick(INTS + FLOATS + ["dec", "dec2"]))
        if want == "b":
            return E(self.pick(["true", "false", "True", "False", "execute"]))
        if want == "l":
            return E(self.pick(["[]", "[1, 2, 3]", "['b', 'a', 'C']", "g.l", "[0, '', none]", "('x', 'y')", "range(3)", "[1.5, true]", "'abc'", "[('a', 1), ('b', 2)]", "[[1], [2, 3]]", "['a', none, 1]"] + SORTED))
        if want == "d":
            return E(self.pick(["{}", "{'b': 1, 'a': 2}", "g", "rows[0]", "{1: 'x', none: 2}", "{'A': {'n': [1]}}", "{'a': 'z', 'B': 'y'}"]))
        if want == "r":
            return E(self.pick(["rows", "[{'n': 1}, {'n': 2, 't': 'x'}]", "[g]", "rows + rows"] + ROWS))
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
        if self.chance(0.03):
            return E(q + s + q + self.pick([" ", "\n"]) + self.pick(["'x'", '"y\'"']))
        return E(q + s + q)

    def wrap(self, want, depth):
        """Forms that can have any type."""
        form = self.rng.randrange(16)
        if form in (4, 5, 10) and self.chance(0.5):  # mostly undefined
            form = self.rng.choice([0, 3, 8, 9, 13])
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
        if form == 12:
            return self.chain(depth)
        if form == 13 and self.macros and self.chance(0.3):
            return self.macro_value(depth)
        if form == 14 and self.chance(0.4):
            return E(self.pick(DBT))
        return E("(", self.expr(want, depth), ")")

    def chain(self, depth):
        """Operators without parentheses: which binds first is the question."""
        kind = self.pick("iiisb*")
        parts = [self.pick(["", "", "", "-", "not "]), self.expr(kind, 0)]
        for _ in range(self.rng.randint(1, 3)):
            op = self.pick(CHAIN)
            if op == " is ":
                parts += [self.pick([" is ", " is not "]), self.pick(["none", "string", "defined", "number", "odd", "in [1]", "eq 1", "divisibleby(2)"])]
            elif op == "|":
                parts += ["|", self.pick(["abs", "string", "length", "upper", "int", "first", "default(1)", "round", "list"])]
            else:
                parts += [op, self.expr(kind, 0)]
        if self.chance(0.15):
            parts += [" if ", self.expr("b", 0), self.pick([" else ", " else -"]), self.expr(kind, 0)]
        return E("(", *parts, ")")

    def macro_value(self, depth):
        """A macro that is not called by its name."""
        name, params = self.pick(self.macros)
        args = joined([self.expr("*", 0) for _ in params])
        form = self.rng.randrange(6)
        if form == 0:
            return E("context['", name, "'](", *args, ")")
        if form == 1:
            return E("{'f': ", name, "}['f'](", *args, ")")
        if form == 2:
            return E("[", name, "][0](", *args, ")")
        if form == 3:
            return E("modules.re.sub('a', ", name, ", 'banana')")
        if form == 4:
            return E("modules.itertools.", self.pick(["starmap", "accumulate"]), "([[1], [2]], ", name, ")|list")
        return E("(", name, " if ", self.expr("b", 0), " else ", name, ")(", *args, ")")

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
        if kind == "N":
            return E(self.pick(["'k'", "'items'", "'upper'", "'year'", "'x'", "'append'", "'__class__'", "'n'"]))
        if kind == "P":
            return E(self.pick(["'key'", "'value'"]))
        return self.expr(kind, min(depth, 1))

    def filtered(self, want, depth):
        r = self.rng.random()
        if r < 0.12:
            return E("(", self.expr("r", depth), "|map(", self.pick(["attribute='n'", "attribute='t'", "attribute='x', default='d'", "'upper'", "'string'", "'length'", "'default', 1", "attribute='n.m'", "'items'", "'tojson'", "'replace', 'a', 'b'"]), ")", self.pick(["|list", "|join(',')", "", "|sort|list", "|sum", "|unique|list", "|first", "|max", "|batch(2)|list", "|reject('none')|list", "|sort(reverse=true)"]), ")")
        if r < 0.18:
            return E("(", self.expr("r", depth), "|", self.pick(["selectattr", "rejectattr"]), "('", self.pick(["n", "t", "x", "n.m"]), "'", self.pick(["", ", 'equalto', 2", ", 'in', [1, 'a']", ", 'gt', 1", ", 'defined'", ", 'none'", ", '==', 'a'", ", 'nosuch'"]), ")|list)")
        if r < 0.24:
            return E("(", self.expr("l", depth), "|", self.pick(["select", "reject"]), "(", self.pick(["", "'string'", "'odd'", "'none'", "'gt', 1", "'in', ['a', 1]", "'equalto', 'a'"]), ")|list)")
        if r < 0.27:
            by = self.pick(["'n'", "'t'", "attribute='n'", "'n', default=0", "'t', case_sensitive=true"])
            return E("(", self.expr("r", depth), "|groupby(", by, ")", self.pick(["|map('first')|list", "|map(attribute='list')|map('length')|list", "|list|length", "|map(attribute='grouper')|join(',')"]), ")")
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

    def expr_p(self, depth):
        return self.leaf("p")

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
        if r < 0.9:
            return E("(", self.pick(["dec", "dec2", "(dec + 1)", "(dec * dec2)", "(dec2 / 7)"]), ".", *self.call_of(DECIMAL_METHODS), ")")
        return self.expr_n(depth)

    def call_of(self, table):
        name = self.pick(sorted(table))
        return [name, "(", *joined(self.args(table[name], 0)), ")"]

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
            more = [".", *self.call_of(SET_METHODS)] if self.chance(0.6) else []
            return E("(set(", self.expr("l", depth), ")", *more, self.pick(["|sort", "|list|sort", "|length", "|map('string')|sort|join(',')"]), ")")
        if r < 0.92:
            fn, spec = self.pick([("chain", "ll"), ("islice", "li"), ("product", "ll"), ("combinations", "li"), ("permutations", "l?i"), ("accumulate", "l"), ("compress", "ll"), ("zip_longest", "ll"), ("repeat", "*i"), ("combinations_with_replacement", "li"), ("chain.from_iterable", "l"), ("tee", "l?i"), ("islice", "liii"), ("starmap", "*l"), ("accumulate", "l:initial=i"), ("product", "l:repeat=i"), ("zip_longest", "ll:fillvalue=*")])
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
        form = self.rng.randrange(11)
        if form == 8:
            return E("modules.re.subn(", p, ", ", self.pick(["'-'", "'\\\\g<n>'", "'\\\\2'", "'\\\\n'"]), ", ", s, ")")
        if form == 9:
            return E("(modules.re.finditer(", p, ", ", s, ")|map(attribute='string')|list)")
        if form == 10:
            return E("modules.re.", self.pick(["findall", "split"]), "(", p, ", ", s, ", flags=modules.re.", self.pick(["I", "M", "S", "X", "A", "MULTILINE"]), ")")
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
