package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestFlagsOfDBT gives every command of elt each flag that dbt's command of that name takes.
func TestFlagsOfDBT(t *testing.T) {
	t.Parallel()
	flags := flagsOfDBT(t)
	none := func(string) (string, bool) { return "", false }
	tried, app := 0, newApp(newTestApp())
	for command, own := range flags {
		if command == "*" || command == "docs serve" { // which says why it is not there
			continue
		}
		argument := map[string]string{"init": "shop", "run-operation": "clean_up"}[command]
		for _, flag := range append(own, flags["*"]...) {
			if isAnswer(flag) {
				continue
			}
			tried++
			line := append(strings.Fields(command), flag)
			if argument != "" {
				line = append(line, argument)
			}
			if _, err := arrange(app, line, none); err != nil {
				t.Errorf("elt %s: %v", strings.Join(line, " "), err)
			}
			if _, err := arrange(app, append([]string{flag}, strings.Fields(command)...), none); err != nil && slices.Contains(flags["*"], flag) {
				t.Errorf("elt %s %s: %v", flag, command, err)
			}
		}
	}
	if tried < 1500 {
		t.Errorf("only %d flags were tried", tried)
	}
}

// isAnswer reports whether a flag is answered before there is a command.
func isAnswer(flag string) bool { return flag == "--version" || flag == "-V" || flag == "-v" }

// flagsOfDBT reads testdata/dbtflags.txt.
func flagsOfDBT(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/dbtflags.txt")
	if err != nil {
		t.Fatal(err)
	}
	out, command := map[string][]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "#"):
		case !strings.HasPrefix(line, " "):
			command = strings.TrimSuffix(line, ":")
		default:
			for _, flag := range strings.Fields(line) {
				out[command] = append(out[command], strings.ReplaceAll(flag, "_", " "))
			}
		}
	}
	return out
}
