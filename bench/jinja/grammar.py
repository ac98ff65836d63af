"""Random templates by the grammar of dbt's Jinja.

`template(rng)` makes one: a tree of Node whose text is what `str` gives. What it uses is
weighted by how often projects use it: by the census of 10,507 files, `ref`, strings,
attributes, calls and loops stand far before the rest, but everything comes at times. Values
have a type, and one expression in ninety has another one than is asked for, so that
errors are met too.
"""
from expressions import Node
from statements import Statements


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
    m = Statements(rng)
    macros = Node("stmts")
    if m.chance(0.45):
        for name in ["m1", "m2", "m3"][: rng.randint(1, 3)]:
            macros.parts.append(m.macro(name))
    m.names = {"g": "d", "rows": "r"}
    body = m.statements(rng.choice([1, 1, 1, 2, 2, 3, 4, 6]), rng.choice([1, 1, 2, 2, 3]))
    if m.chance(0.1):
        body = Node("text", mutated(rng, str(body)))
    return macros, body
