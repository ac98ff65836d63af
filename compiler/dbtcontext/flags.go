package dbtcontext

import (
	"slices"
	"strings"

	"elt/compiler/template"
)

// flagsObject is flags: what the command line asked for, by dbt's names.
type flagsObject struct{ values map[string]template.Value }

func newFlags(s Settings) flagsObject {
	f := flagsObject{map[string]template.Value{
		"WHICH": s.Command, "FULL_REFRESH": false, "STORE_FAILURES": false, "EMPTY": false,
		"FAIL_FAST": false, "DEBUG": false, "QUIET": false, "PRINT": true, "USE_COLORS": true,
		"WARN_ERROR": false, "WRITE_JSON": true, "DEFER": false, "FAVOR_STATE": false,
		"INDIRECT_SELECTION": "eager", "LOG_FORMAT": "default", "LOG_LEVEL": "info",
		"PARTIAL_PARSE": true, "POPULATE_CACHE": true, "CACHE_SELECTED_ONLY": false,
		"INTROSPECT": true, "STATIC_PARSER": true, "SINGLE_THREADED": false,
		"SEND_ANONYMOUS_USAGE_STATS": false, "VERSION_CHECK": true, "THREADS": int64(s.Threads),
		"TARGET": targetName(s), "VARS": template.NewDict(), "SAMPLE": nil, "SELECT": template.Tuple{},
		"EXCLUDE": template.Tuple{}, "SELECTOR": nil, "EVENT_TIME_START": nil, "EVENT_TIME_END": nil,
		"REQUIRE_SQL_HEADER_IN_TEST_CONFIGS": false, "PRINTER_WIDTH": int64(80), "LOG_CACHE_EVENTS": false,
		"LOG_LEVEL_FILE": "debug", "LOG_FORMAT_FILE": "debug", "USE_COLORS_FILE": true,
		"USE_EXPERIMENTAL_PARSER": false,
	}}
	f.takeSwitches(s.Args)
	for name, v := range s.Flags {
		f.values[name] = v
	}
	return f
}

// takeSwitches takes what the command line switches on or off, as store_failures or no_print.
func (f flagsObject) takeSwitches(args *template.Dict) {
	for _, arg := range args.Items() {
		name, _ := arg.Key.(string)
		on, isSwitch := arg.Value.(bool)
		name, off := strings.CutPrefix(strings.ToUpper(name), "NO_")
		if _, known := f.values[name].(bool); known && isSwitch {
			f.values[name] = on != off
		}
	}
}

func targetName(s Settings) template.Value {
	v, _ := s.Target.Get("name")
	return v
}

// flag returns the value of a flag, None where it is not known.
func (p *Project) flag(name string) template.Value {
	v, _ := p.staticNames()["flags"].(flagsObject).Attr(name)
	return v
}

// TypeName is the Python type name.
func (flagsObject) TypeName() string { return "Namespace" }

// Attr returns a flag.
func (f flagsObject) Attr(name string) (template.Value, bool) {
	v, ok := f.values[name]
	return v, ok
}

// Iterate returns the names of all flags, sorted.
func (f flagsObject) Iterate() ([]template.Value, error) {
	var names []string
	for name := range f.values {
		names = append(names, name)
	}
	slices.Sort(names)
	return listOf(names).Elems, nil
}
