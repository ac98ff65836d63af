"""What expressions.py chooses from: literals, names, methods, filters, tests, formats."""

STRINGS = ["id", "order_id", "A b", "", "1", "01", "-3", "2.50", "é", "ß", "İ", "it's", 'say "x"', "%s", "{}", "a,b,,c",
           "2024-01-31", "select 1", " x ", "a\\tb", "x\\ny", "True", "none", "null", "_", "a-b_c", "日本", "ab", "b", "B", "9999999999999999999",
           "1e3", "{'a': 1}", "[1, 2]", "%d%%", "{0}-{1}", "\\\\d+", "\\d", "ﬁ", "ǆ", "٣", "½", "\\x41", "\\u00e9", "a\\\nb", "l1\nl2\n", "\\r\\n", "nan", "inf", "0x1f", "1_000", "Ab cD", "x.y", "%(a)s", "Straße", "ΑΣ", "a\u0301", "🦆", "a;b", "--", "q'1", "2024-02-30", "12:30", "on", "~", "- a", "k: v", "#c", "{{ x }}", "% if %", "\f\v"]
INTS = ["0", "1", "2", "3", "10", "-1", "-7", "100", "1_000", "0x1F", "9223372036854775807", "12345678901234567890", "255", "0b11", "0o17", "5", "7", "-2", "1_0"]
FLOATS = ["1.5", "0.1", "-2.5", "1e3", "1e16", "1e15", "1.0", "0.0", "2.675", "1e-5", "123456.789", "3.0", "1.5e300", "0.5"]
NAMES = ["x", "y", "z", "a", "b", "c", "item", "cols", "k", "v"]

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
         "modules.datetime.datetime.fromisoformat('2024-02-29T10:11:12+02:00')",
         "modules.datetime.datetime.combine(day, modules.datetime.time(5, 6, 7))", "modules.datetime.datetime.fromtimestamp(86400.5)", "modules.datetime.date.fromordinal(738000)", "modules.datetime.datetime(2024, 1, 1, tzinfo=modules.pytz.utc)",
         "modules.datetime.timedelta(1, 2, 3)", "modules.datetime.timedelta(minutes=90, milliseconds=5)", "modules.datetime.date.fromisocalendar(2024, 9, 4)", "modules.datetime.timedelta(days=-1)",
         "modules.pytz.timezone('Asia/Kolkata').localize(dt)", "dtz.astimezone(modules.pytz.timezone('Australia/Lord_Howe'))", "modules.pytz.timezone('US/Eastern').localize(modules.datetime.datetime(2024, 11, 3, 1, 30), is_dst=true)",
         "modules.pytz.timezone('Europe/London').normalize(dtz)", "modules.pytz.FixedOffset(90).localize(dt)", "modules.datetime.datetime.strptime('31/12/23 11:59 PM', '%d/%m/%y %I:%M %p')", "modules.datetime.datetime.strptime('2024-060 +0530', '%Y-%j %z')"]
DATE_METHODS = {"strftime": "F", "isoformat": "?s", "date": "", "time": "", "weekday": "", "isoweekday": "", "isocalendar": "",
                "timetuple": "", "toordinal": "", "ctime": "", "total_seconds": "", "utcoffset": "", "tzname": "", "timestamp": "", "dst": ""}
DATE_ATTRS = ["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "days", "seconds", "min", "max", "resolution"]
FORMATS = ["'%Y-%m-%d'", "'%Y%m%d%H%M%S'", "'%d/%b/%y %I:%M %p'", "'%A %B %-d %j %U %W %w %u %G-W%V'", "'%f %z %Z %%'", "'%c|%x|%X'", "'%s%q'", "'%e %k %D %T %R %F'", "''", "'é%Y'"]

# Filters: the type they want and that of their arguments, keywords behind ":".
FILTERS = [
    ("lower", "s", ""), ("trim", "s", "?s:chars=s"), ("join", "*", "?s:d=s,attribute=A"), ("list", "*", ""), ("length", "*", ""), ("replace", "s", "ss?i:count=i"),
    ("string", "*", ""), ("upper", "s", ""), ("default", "*", "?*:default_value=*,boolean=b"), ("int", "*", "?ii:default=*,base=i"), ("sort", "l", "?bb:attribute=A,reverse=b,case_sensitive=b"),
    ("unique", "l", ":case_sensitive=b,attribute=A"), ("first", "*", ""), ("last", "*", ""), ("tojson", "*", "?i:indent=i"), ("round", "n", "?i:precision=i,method=M"), ("indent", "s", "?ibb:width=i,first=b,blank=b"),
    ("reverse", "*", ""), ("groupby", "r", "A:attribute=A,default=*,case_sensitive=b"), ("batch", "l", "i?*:fill_with=*"), ("slice", "l", "i?*:fill_with=*"), ("max", "l", ":attribute=A,case_sensitive=b"), ("min", "l", ":attribute=A,case_sensitive=b"),
    ("as_bool", "*", ""), ("as_native", "*", ""), ("as_number", "*", ""), ("as_text", "*", ""), ("float", "*", "?*:default=*"), ("dictsort", "d", "?bPb:case_sensitive=b,by=P,reverse=b"), ("sum", "l", ":attribute=A,start=*"),
    ("attr", "*", "N"), ("format", "p", "?**:a=*,b=*"), ("capitalize", "s", ""), ("abs", "n", ""), ("center", "s", "?i:width=i"), ("count", "*", ""), ("d", "*", "?*:default_value=*,boolean=b"), ("items", "d", ""), ("title", "s", ""), ("truncate", "s", "?ibs:length=i,killwords=b,end=s,leeway=i"),
    ("wordcount", "s", ""), ("wordwrap", "s", "?i:width=i,wrapstring=s,break_long_words=b,break_on_hyphens=b"), ("urlencode", "*", ""), ("escape", "s", ""), ("e", "s", ""), ("striptags", "s", ""), ("filesizeformat", "n", "?b:binary=b"), ("is_list", "*", ""), ("safe", "s", ""), ("xmlattr", "d", "?b:autospace=b"), ("forceescape", "s", ""), ("pprint", "*", "")]
FILTER_WEIGHTS = [430, 238, 249, 226, 277, 151, 97, 65, 60, 85, 40, 30, 40, 15, 20, 25, 20, 15, 15, 10, 6, 8, 8, 12, 12, 12, 8, 12, 12, 12, 8, 12, 10]
FILTER_WEIGHTS += [5] * (len(FILTERS) - len(FILTER_WEIGHTS))
TESTS = [("none", "", 90), ("string", "", 30), ("defined", "", 25), ("mapping", "", 22), ("iterable", "", 12), ("number", "", 9), ("sequence", "", 9), ("true", "", 5),
         ("integer", "", 5), ("boolean", "", 5), ("false", "", 4), ("float", "", 4), ("undefined", "", 5), ("even", "", 3), ("odd", "", 3), ("callable", "", 3), ("lower", "", 2), ("upper", "", 2),
         ("divisibleby", "i", 3), ("eq", "*", 3), ("equalto", "*", 2), ("ne", "*", 2), ("gt", "*", 2), ("lt", "*", 2), ("ge", "*", 1), ("le", "*", 1), ("in", "*", 3), ("sameas", "*", 2), ("escaped", "", 1), ("filter", "", 1), ("test", "", 1), ("greaterthan", "*", 1), ("lessthan", "*", 1)]
RE_PATTERNS = ["'a'", "'[a-z]+'", "'(\\w)(\\d*)'", "'\\\\s+'", "'(?P<n>.)'", "'(?i)A'", "'^x|b$'", "'[,_ -]'", "'(a)|(b)'", "'('", "'.*?'", "''", "'\\\\b'", "'\\\\W+'", "'\\\\d{2,}'", "'[^a-z0-9_]'", "'(?P<y>\\\\d+)-(?P<m>\\\\d+)'", "'(a)(b)?'", "'\\\\bid\\\\b'", "'[A-Z]'", "'(?m)^'", "'a|'", "'\\\\.'", "'^\\\\s*|\\\\s*$'", "'(?<=a)b'", "'(?!a)b'", "'a+?'", "'(?x) a # c'", "'é'", "'\\\\w+'", "'(\\\\w+)\\\\s+\\\\1'"]
SPECS = ["{}", "{0}", "{:>5}", "{:<5}|", "{:^6}", "{:05d}", "{:.2f}", "{:,}", "{:+}", "{!r}", "{!s:>4}", "{0[0]}", "{a}", "{:x}", "{:e}", "{:%}", "{:g}", "{:*^9}", "{:_}", "{{}}", "{:#x}", "{:b}", "{:.3}", "{:%Y-%m}", "{0.year}", "{", "}", "{:08.3f}", "{:{}}", "{:n}", "{:c}", "{:.0f}", "{:10,.2f}", "{: d}", "{:=+6}", "{:s}"]
PERCENTS = ["%s", "%d", "%5.2f", "%-5s|", "%05d", "%x", "%r", "%%", "%(a)s", "%i", "%e", "%g", "%+d", "%c", "%.1s", "%X", "%o", "%10s", "% d", "%.3f", "%#x", "%a", "%", "%q", "%*d"]
SET_METHODS = {"union": "l", "intersection": "l", "difference": "l", "symmetric_difference": "l", "issubset": "l", "issuperset": "l",
               "isdisjoint": "l", "add": "*", "remove": "*", "discard": "*", "update": "l", "copy": "", "clear": ""}
DECIMAL_METHODS = {"quantize": "n", "normalize": "", "to_integral_value": "", "is_zero": "", "is_signed": "", "is_finite": "", "is_nan": "", "copy_abs": "",
                   "copy_negate": "", "adjusted": "", "as_integer_ratio": "", "conjugate": ""}
# Lists whose order is in question, for sort, min, max, unique, groupby.
SORTED = ["['b', 'A', 'a', 'B']", "[(1, 'b'), (1, 'a'), (0, 'c')]", "[true, 0, 1.0, 2]", "[dec, 1, 2.5]", "[none, 1]", "['10', '9', 'a']", "[[2], [1, 3], []]",
          "['é', 'z', 'E']", "[day, modules.datetime.date(2020, 1, 1)]", "['ß', 'ss', 'SS']", "[{'a': 1}, {'a': 0}]", "[1, 'a']", "[-0.0, 0, false]"]
ROWS = ["[{'n': 1, 't': none}, {'n': 1, 't': 'x'}]", "[{'n': {'m': 2}, 't': ''}, {'n': {'m': 1}, 't': 'y'}]", "[{'t': 'B', 'n': 2}, {'t': 'a', 'n': 2}, {'t': 'b', 'n': 1}]", "[('n', 1), ('t', 2)]"]
# Operators as they stand beside each other, without parentheses.
CHAIN = [" + ", " - ", " * ", " / ", " // ", " % ", " ** ", " ~ ", " == ", " != ", " < ", " > ", " <= ", " >= ", " in ", " not in ", " and ", " or ", " and not ", " or not ", " is ", "~", "|"]
DBT = ["var('x', 'd')", "var('x', 1)", "var('x', [1])", "log('x')", "log('x', info=true)", "diff_of_two_dicts({'a': ['x', 'y']}, {'a': ['x']})",
       "set_strict([1])|length", "zip_strict([1], 'a')|list", "set(1)", "set(1, 2)", "zip(1)", "zip(1, 2)", "fromjson(tojson(g))", "fromyaml(toyaml(rows))", "modules.pytz.timezone('No/Where')", "modules.pytz.utc", "'x' in context", "context['g']",
       "builtins.tojson(1)", "modules.pytz.timezone('Europe/Berlin').zone", "return(1)", "cycler('a', 'b').next()", "joiner(',')()", "dict", "range"]
