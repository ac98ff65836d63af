"""Random statements."""
from expressions import E, Expressions, Node, joined
from words import NAMES


class Statements(Expressions):
    """Makes statements, blocks and macros."""

    def tag(self, *parts):
        l, r = self.pick(["", "", "", "-", "+"][: 5 if self.chance(0.1) and not self.in_macro else 4]), self.pick(["", "", "", "-"])
        gap = "\n" if self.chance(0.04) else " "
        return ["{%" + l + gap, *parts, gap + r + "%}"]

    def text(self):
        return Node("stmt", self.pick(["\n", " ", "\n  ", ",\n", "select ", "from t\n", "  \n\n", "a", "é", "--x\n", "'", "#", "{ ", "}", "\t", "\r\n", "%", "and ", "{# c #}", "{#- c\n-#}", "{#+ c -#}", "{%- raw -%} {{ x }} {%- endraw -%}", "{#", "\n\n", "{{ 'a' -}}\n", "\u2028", "\ufeff", "--{{ loop }}\n", "{% raw %}{{ x }}{% endraw %}", "", "-- {{ 1 }}\n"]))

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
        forms = ["if_", "for_", "set_block", "set_tuple", "namespace", "call", "filter_block", "return_", "inner_macro", "with_", "counted", "sql_list"]
        # A macro in a macro is an error of dbt's scanner.
        weights = [30, 30, 8, 4, 8, 5, 3, 4 + 16 * self.in_macro, 2 - 2 * self.in_macro, 2, 4, 3]
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
            body.append(Node("stmt", self.pick(["{% if not loop.last %},{% endif %}", "{{ loop.index }}", "{{ loop.index0 }}/{{ loop.length }}", "{{ ',' if not loop.last }}", "{% if loop.first %}F{% endif %}", "{{ loop.revindex }}{{ loop.revindex0 }}", "{{ loop.cycle('a', 'b') }}", "{{ loop.previtem }}|{{ loop.nextitem }}", "{{ loop.changed(loop.index // 2) }}", "{{ loop.depth }}{{ loop.depth0 }}", "{{ loop }}", "{{ loop.index if loop.length > 1 else '' }}", "{{ loop.cycle(1, 2) }}{{ loop.changed(loop.first) }}", "{% set outer = loop %}{% for i in [1, 2] %}{{ outer.index }}{{ loop.index }}{% endfor %}", "{{ ', ' if not loop.last else '' }}", "{{ loop.nextitem is defined }}", "{{ loop.changed(" + new[0] + ") }}", "{% if loop.index == 2 %}{% break %}{% endif %}", "{%- if not loop.first -%} union all {%- endif -%}"])))
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
        flt = self.pick(["", "", "", " | trim", " | upper | replace('A', 'b')", " | length", " | trim | int", "| tojson", " | indent(2, true)"])
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

    def counted(self, depth):
        """What a loop carries out of itself, in a namespace or in a list."""
        over = self.expr("l", 1)
        form = self.rng.randrange(3)
        if form == 0:
            return Node("stmt", "{% set ns = namespace(", self.pick(["n=0", "n=0, out=[]", "{'n': 0}", "{'n': 1}, n=0"]), ") %}", *self.tag("for i in ", over), *self.tag("set ns.n = ns.n + ", self.pick(["1", "loop.index", "i|length"])), *self.tag("endfor"), "{{ ns.n }}")
        if form == 1:
            return Node("stmt", "{% set out = [] %}", *self.tag("for i in ", over), "{% ", self.pick(["do out.append(i)", "set _ = out.append(i ~ '')", "do out.extend([i])", "do out.insert(0, i)"]), " %}", *self.tag("endfor"), "{{ out", self.pick(["", "|join(', ')", "|length", "|sort"]), " }}")
        return Node("stmt", "{% set x = 1 %}", *self.tag("for i in ", over), "{% set x = x + 1 %}{{ x }}", *self.tag("endfor"), "{{ x }}")

    def sql_list(self, depth):
        """Columns of a select, as projects write them."""
        items = self.pick(["['a', 'b', 'c']", "g.keys()", "g.items()", "rows", "range(1, 4)", "dict(a=1, b=2)"])
        body = self.pick(["{{ c }}", "sum({{ c }}) as {{ c }}_sum", "{{ c.t }}", "'{{ c }}'", "{{ c|upper }}", "{{ c[0] }}"])
        comma = self.pick(["{% if not loop.last %},{% endif %}", "{{ ',' if not loop.last }}", "{{ \", \" if not loop.last }}", "{%- if not loop.last %} , {% endif -%}"])
        return Node("stmt", "select\n", *self.tag("for c in ", items), "\n  ", body, comma, "\n", *self.tag("endfor"), "\nfrom t\n")

    def call(self, depth):
        head = self.macro_call(1) if self.macros else E("nope()")
        params = self.pick(["", "", "(c)", "(c, d=1)", "(c='q', d=c)", "(*c)", "()"])
        return Node("stmt", *self.tag("call", params, " ", head), self.statements(self.rng.randint(1, 2), depth), *self.tag("endcall"))

    def filter_block(self, depth):
        return Node("stmt", *self.tag("filter ", self.pick(["upper", "trim", "replace('a', 'b')", "indent(2)", "trim|length|string", "length", "indent(width=3, first=true)", "wordwrap(5)", "title", "default('x', true)", "join('-')", "list|string"])), self.statements(self.rng.randint(1, 2), depth), *self.tag("endfilter"))

    def return_(self, depth):
        if self.in_macro or self.chance(0.05):
            value = self.expr("*", 3)
            return Node("stmt", "{{ return(", value, ") }}") if self.chance(0.6) else Node("stmt", *self.tag("do return(", value, ")"))
        return self.text()

    def inner_macro(self, depth):
        return Node("stmt", *self.tag("macro ", self.pick(["local", "inner"]), "()"), self.statements(1, 0), *self.tag("endmacro"))

    def macro(self, name):
        params = self.pick([[], ["p"], ["p", "q"], ["p", "q", "r"]])
        head, defaulted = [], False
        self.names, self.in_macro = {"g": "d", **dict.fromkeys(params, "*")}, True
        for i, p in enumerate(params):
            defaulted = defaulted or self.chance(0.4)
            head.append(Node("param", p, "=", E(params[i - 1]) if i and self.chance(0.2) else self.expr("*", 1)) if defaulted else p)
        body = self.statements(self.rng.randint(1, 4), 2)
        tail = Node("stmt", self.pick(["", "", "", "{{ varargs }}", "{{ kwargs }}", "{{ caller() }}", "{{ caller(1) if caller }}", "{{ varargs|length }}{{ kwargs.zz }}", "{% for k, v in kwargs.items() %}{{ k }}={{ v }};{% endfor %}", "{{ varargs|join(',') }}", "{{ caller('x', d=2) }}", "{{ caller(c='y') if caller }}", "{{ caller() ~ caller() }}", "{{ m1.name if m1 is defined }}", "{% set p = p or 'dflt' %}{{ p }}", "{{ kwargs.get('zz', 'none') }}{{ varargs[0] if varargs }}", "{{ (p or []) | length }}", "{% if caller is defined %}{{ caller() }}{% endif %}", "{{ p }}"]))
        ret = Node("stmt", *self.tag("do return(", self.expr("*", 3), ")")) if self.chance(0.35) else ""
        self.macros.append((name, params))
        head_tag, end = self.tag("macro ", name, "(", *joined(head), ")"), self.tag("endmacro")
        self.in_macro = False
        return Node("macro", *head_tag, body, tail, ret, *end, "\n")
