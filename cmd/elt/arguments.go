package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"elt/compiler/diag"

	"github.com/urfave/cli/v2"
)

// arrange turns the words of a command line into a form that urfave/cli reads right:
// the command first, each flag as --name=value under its first name, arguments last.
//
// It is here because urfave/cli takes every word after the first argument for an
// argument, flags included, has no flags with several values (`--select a b`), and
// words its mistakes in its own way. arrange accepts flags before the command, as dbt
// does, fills in flags from environment variables, and refuses a flag after an
// argument with the line that was meant. `elt lineage orders --upstream` may have
// them behind, since its arguments are what other commands say with flags, and so may
// what dbt has arguments of, too: `run-operation` and `init`.
func arrange(app *cli.App, words []string, env func(string) (string, bool)) ([]string, error) {
	if strings.HasPrefix(words[0], "-") {
		asInDBT(commandNamed(app, "build")) // whose flags may stand before any command
	}
	early, name, rest, err := splitAtCommand(app, words)
	if err != nil {
		return nil, err
	}
	if len(secondWords(app, name)) > 0 { // flags may stand between the two words, too
		if between, second, behind, err := splitAtCommand(app, rest); err == nil {
			early, rest = append(early, between...), append([]string{second}, behind...)
		}
	}
	command, used := commandAt(app, append([]string{name}, rest...))
	if command == nil {
		return nil, unknownCommand(app, name, rest...)
	}
	rest = rest[used-1:]
	asInDBT(command)
	s := &scanner{app: app, command: command, given: map[string]bool{}}
	if err := s.scan(slices.Concat(early, rest)); err != nil {
		return nil, err
	}
	if err := s.fromEnvironment(env); err != nil {
		return nil, err
	}
	return slices.Concat([]string{app.Name, command.Name}, s.flags, []string{"--"}, s.arguments), nil
}

// splitAtCommand finds the command among the words; flags may stand before it.
func splitAtCommand(app *cli.App, words []string) (early []string, name string, rest []string, err error) {
	words = separated(words, func(word string) *option { return anyFlag(app, word) })
	for i := 0; i < len(words); i++ {
		word := words[i]
		if !strings.HasPrefix(word, "-") {
			return early, word, words[i+1:], nil
		}
		early = append(early, word)
		f := anyFlag(app, word)
		if f == nil {
			return nil, "", nil, unknownFlag("elt", word, allFlags(app))
		}
		if f.takesValue() && !strings.Contains(word, "=") && i+1 < len(words) {
			i++
			early = append(early, words[i])
		}
	}
	return nil, "", nil, usagef("no command given").withHint("elt --help lists the commands")
}

func anyFlag(app *cli.App, word string) *option {
	for _, c := range app.Commands {
		if o := findOption(c, word); o != nil {
			return o
		}
	}
	return nil
}

func allFlags(app *cli.App) []string {
	var names []string
	for _, c := range app.Commands {
		names = append(names, flagNames(c)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func commandNamed(app *cli.App, name string) *cli.Command {
	for _, c := range app.Commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

// commandAt finds the command that words begin with, and how many words its name has:
// a command such as "source files" has two.
func commandAt(app *cli.App, words []string) (command *cli.Command, used int) {
	if len(words) > 1 {
		if c := commandNamed(app, words[0]+" "+words[1]); c != nil {
			return c, 2
		}
	}
	return commandNamed(app, words[0]), 1
}

// secondWords are the words that may follow the first of a command with two.
func secondWords(app *cli.App, first string) []string {
	var out []string
	for _, c := range app.Commands {
		if second, ok := strings.CutPrefix(c.Name, first+" "); ok {
			out = append(out, second)
		}
	}
	return out
}

func unknownCommand(app *cli.App, name string, rest ...string) error {
	if seconds := secondWords(app, name); len(seconds) > 0 {
		if len(rest) == 0 || strings.HasPrefix(rest[0], "-") {
			return usagef("elt %s does not say what to do", name).withHint("it is one of: elt %s %s", name, strings.Join(seconds, ", "))
		}
		if name == "docs" && rest[0] == "serve" {
			return usagef("`elt docs serve` is not possible: elt has no HTML page to show").
				withHint("elt docs generate writes manifest.json and catalog.json, which `dbt docs serve` and other tools show")
		}
		err := usagef("there is no command %q", name+" "+rest[0])
		if s := diag.Suggest(rest[0], seconds); s != "" {
			return err.withHint("did you mean `elt %s %s`?", name, s)
		}
		return err.withHint("it is one of: elt %s %s", name, strings.Join(seconds, ", "))
	}
	var names []string
	for _, c := range app.Commands {
		names = append(names, c.Names()...)
	}
	slices.Sort(names)
	err := usagef("there is no command %q", name)
	if s := diag.Suggest(name, names); s != "" {
		return err.withHint("did you mean `elt %s`?", s)
	}
	return err.withHint("elt --help lists the commands")
}

func unknownFlag(command, word string, known []string) error {
	name, _, _ := strings.Cut(word, "=")
	err := usagef("%s has no flag %q", command, name)
	if s := diag.Suggest(strings.TrimLeft(name, "-"), known); s != "" {
		return err.withHint("did you mean --%s?", s)
	}
	return err.withHint("%s --help lists the flags", command)
}

// option is a flag of urfave/cli and what the scanner has to know about it.
type option struct {
	cli.Flag
	negated bool // given as --no-name
}

func (o *option) name() string { return namesOf(o.Flag)[0] }

// namesOf are the names of a flag. Its method Names costs a regular expression for each.
func namesOf(f cli.Flag) []string {
	name, aliases := "", []string(nil)
	switch f := f.(type) {
	case *cli.BoolFlag:
		name, aliases = f.Name, f.Aliases
	case *cli.StringFlag:
		name, aliases = f.Name, f.Aliases
	case *cli.StringSliceFlag:
		name, aliases = f.Name, f.Aliases
	case *cli.IntFlag:
		name, aliases = f.Name, f.Aliases
	case *cli.DurationFlag:
		name, aliases = f.Name, f.Aliases
	default:
		return f.Names()
	}
	return append([]string{name}, aliases...)
}

func (o *option) takesValue() bool {
	_, isBool := o.Flag.(*cli.BoolFlag)
	return !isBool
}

// several reports whether more values may follow the first: --select a b.
func (o *option) several() bool {
	_, is := o.Flag.(*cli.StringSliceFlag)
	return is
}

// check says what is wrong with a value before urfave/cli says it in its words.
func (o *option) check(value, from string) error {
	switch o.Flag.(type) {
	case *cli.BoolFlag:
		if _, ok := parseSwitch(value); !ok {
			return usagef("%s is true or false, not %q", from, value)
		}
	case *cli.IntFlag:
		if _, err := strconv.Atoi(value); err != nil {
			return usagef("%s needs a whole number, not %q", from, value)
		}
	case *cli.DurationFlag:
		if d, err := time.ParseDuration(value); err != nil || d < 0 {
			return usagef("%s needs a duration, not %q", from, value).withHint("for example %s 30s or 5m", from)
		}
	}
	return nil
}

// findOption finds the flag that a word such as --target=dev, -t or --no-quiet means.
func findOption(command *cli.Command, word string) *option {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	long := strings.HasPrefix(word, "--")
	for _, f := range command.Flags {
		for _, n := range namesOf(f) {
			if n == name && (long == (len(n) > 1)) {
				return &option{Flag: f}
			}
			_, isBool := f.(*cli.BoolFlag)
			if isBool && long && len(n) > 1 && "no-"+n == name {
				return &option{Flag: f, negated: true}
			}
		}
	}
	return nil
}

func flagNames(command *cli.Command) []string {
	var names []string
	for _, f := range command.Flags {
		for _, n := range namesOf(f) {
			if len(n) > 1 {
				names = append(names, n)
			}
		}
	}
	slices.Sort(names)
	return names
}

// isGiven reports whether a flag was given, or set for the command by the project. It is c.IsSet
// without a look at the names of all flags, which costs a regular expression each.
func isGiven(c *cli.Context, name string) bool { return slices.Contains(c.FlagNames(), name) }

// scanner reads the words that belong to one command.
type scanner struct {
	app       *cli.App
	command   *cli.Command
	flags     []string        // "--name=value"
	arguments []string        // the rest
	given     map[string]bool // names of the flags given
}

func (s *scanner) title() string { return s.app.Name + " " + s.command.Name }

func (s *scanner) scan(words []string) error {
	words = separated(words, func(word string) *option { return findOption(s.command, word) })
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "--":
			s.arguments = append(s.arguments, words[i+1:]...)
			i = len(words)
		case !strings.HasPrefix(word, "-") || word == "-":
			s.arguments = append(s.arguments, word)
		case len(s.arguments) > 0 && s.command.ArgsUsage != "" && !flagsBehind(s.command.Name):
			return usagef("flag %q stands after the argument %q", word, s.arguments[0]).
				withHint("write: %s", s.line(append(words[i:len(words):len(words)], s.arguments...)))
		default:
			used, err := s.flag(words[i:])
			if err != nil {
				return err
			}
			i += used - 1
		}
	}
	if len(s.arguments) > 0 && s.command.ArgsUsage == "" {
		return s.noArguments()
	}
	return nil
}

// separated writes -fx as -f -x where both are flags without a value, and -tdev as -t=dev.
func separated(words []string, find func(word string) *option) []string {
	var out []string
	for i, word := range words {
		if word == "--" {
			return append(out, words[i:]...)
		}
		out = append(out, letters(word, find)...)
	}
	return out
}

// letters takes a word apart that begins with one dash; any other stays what it is.
func letters(word string, find func(word string) *option) []string {
	rest, ok := strings.CutPrefix(word, "-")
	if !ok || len(rest) < 2 || rest[0] == '-' || find("--"+rest) != nil {
		return []string{word}
	}
	var out []string
	for i, r := range rest {
		o := find("-" + string(r))
		switch {
		case o == nil:
			return []string{word}
		case !o.takesValue():
			out = append(out, "-"+string(r))
			continue
		}
		value := rest[i+len(string(r)):]
		if value == "" || value[0] == '=' {
			return append(out, "-"+string(r)+value)
		}
		return append(out, "-"+string(r)+"="+value)
	}
	return out
}

// flagsBehind reports whether flags may stand behind the arguments of a command.
func flagsBehind(command string) bool {
	return command == "lineage" || command == "run-operation" || command == "init"
}

// flag reads the flag at the head of words and its values, and answers how many words
// it took.
func (s *scanner) flag(words []string) (used int, err error) {
	word := words[0]
	o := findOption(s.command, word)
	if o == nil {
		return 0, unknownFlag(s.title(), word, flagNames(s.command))
	}
	shown, value, hasValue := strings.Cut(word, "=")
	switch {
	case !o.takesValue():
		if !hasValue {
			value = "true"
		}
		if on, ok := parseSwitch(value); o.negated && ok {
			value = strconv.FormatBool(!on)
		}
		return 1, s.add(o, value, shown)
	case hasValue:
		return 1, s.add(o, value, shown)
	}
	used = 1
	for used < len(words) && !s.isFlag(words[used]) && (used == 1 || o.several()) {
		if err := s.add(o, words[used], shown); err != nil {
			return 0, err
		}
		used++
	}
	if used == 1 {
		return 0, usagef("flag %q needs a value", shown).withHint("%s --help shows how it is used", s.title())
	}
	return used, nil
}

// isFlag reports whether a word that could be a value is a flag instead.
func (s *scanner) isFlag(word string) bool {
	if word == "--" {
		return true
	}
	if !strings.HasPrefix(word, "-") || word == "-" {
		return false
	}
	_, err := strconv.ParseFloat(word, 64)
	return err != nil
}

func (s *scanner) add(o *option, value, from string) error {
	if err := o.check(value, from); err != nil {
		return err
	}
	if on, ok := parseSwitch(value); ok && !o.takesValue() {
		value = strconv.FormatBool(on)
	}
	s.given[o.name()] = true
	s.flags = append(s.flags, "--"+o.name()+"="+value)
	return nil
}

// noArguments refuses arguments, with the line that was probably meant.
func (s *scanner) noArguments() error {
	err := usagef("%s takes no arguments, but got %q", s.title(), s.arguments[0])
	if findOption(s.command, "--select") == nil {
		return err
	}
	meant := append([]string{"--select"}, s.arguments...)
	for _, f := range s.flags {
		meant = append(meant, shortForm(f))
	}
	return err.withHint("write: %s", s.line(meant))
}

// shortForm writes --fail-fast=true as a person would.
func shortForm(flag string) string { return strings.TrimSuffix(flag, "=true") }

// line is a whole command line, quoted for a shell.
func (s *scanner) line(words []string) string {
	out := []string{s.title()}
	for _, w := range words {
		out = append(out, shellQuote(w))
	}
	return strings.Join(out, " ")
}

// shellQuote quotes a word for a POSIX shell where it needs it.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=+,@%", r)
	}
	if word != "" && strings.TrimLeftFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
