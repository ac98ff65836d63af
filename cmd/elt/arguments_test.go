package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func newTestApp() *invocation {
	return newInvocation(context.Background(), strings.NewReader(""), io.Discard, io.Discard, func(string) (string, bool) { return "", false })
}

func TestArrange(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		line string
		env  map[string]string
		want string // the arranged words, or "error: message | hint"
	}{
		{"nothing but the command", "build", nil, "elt build --"},
		{"an alias of a command", "list", nil, "elt ls --"},
		{"short flags become long", "build -s a -t dev", nil, "elt build --select=a --target=dev --"},
		{"several values after one flag", "build -s a b --exclude c d -x", nil, "elt build --select=a --select=b --exclude=c --exclude=d --fail-fast=true --"},
		{"a comma stays in a value", "build -s a,b", nil, "elt build --select=a,b --"},
		{"a flag repeated", "build -s a -s b", nil, "elt build --select=a --select=b --"},
		{"a value with an equals sign", "build --vars=a=1", nil, "elt build --vars=a=1 --"},
		{"switches in one word", "build -xf", nil, "elt build --fail-fast=true --full-refresh=true --"},
		{"a value of letters that are switches", "build -xf -s dfx xxx", nil, "elt build --fail-fast=true --full-refresh=true --select=dfx --select=xxx --"},
		{"a switch turned off", "build --no-fail-fast", nil, "elt build --fail-fast=false --"},
		{"dbt's other names", "build -m a --models b --resource-types model seed", nil, "elt build --select=a --select=b --resource-type=model --resource-type=seed --"},
		{"flags before the command", "--target dev -q build -x", nil, "elt build --target=dev --quiet=true --fail-fast=true --"},
		{"a negative number is a value", "show -s a --limit -1", nil, "elt show --select=a --limit=-1 --"},
		{"an argument", "init -q shop", nil, "elt init --quiet=true -- shop"},
		{"words after two dashes are arguments", "init -- -x", nil, "elt init -- -x"},
		{"a flag after the argument where dbt has one", "init shop -q", nil, "elt init --quiet=true -- shop"},
		{"a value without a space", "build -tdev -qsa", nil, "elt build --target=dev --quiet=true --select=a --"},
		{"a long flag with one dash", "build -select a", nil, `error: elt build has no flag "-select" | did you mean --selector?`},
		{"flags between the two words of a command", "docs -q --target dev generate --no-compile", nil, "elt docs generate --quiet=true --target=dev --compile=false --"},
		{"flags of every command before any", "--state x -xd ls", nil, "elt ls --state=x --fail-fast=true --debug=true --"},
		{"models of ls are no other selection", "ls -m a --model b", nil, "elt ls --models=a --models=b --"},
		{"dbt's words for yes and no", "build", map[string]string{"DBT_FAIL_FAST": "Yes", "DBT_ENGINE_QUIET": "off"}, "elt build --fail-fast=true --quiet=false --"},
		{"dbt's older variables", "build", map[string]string{"DBT_NO_PRINT": "1", "DBT_DEFER_TO_STATE": "t", "DBT_ARTIFACT_STATE_PATH": "x", "DBT_FAVOR_STATE_MODE": "y"},
			"elt build --state=x --defer=true --favor-state=true --print=false --"},
		{"several types in a variable", "build", map[string]string{"DBT_RESOURCE_TYPES": "model seed"}, "elt build --resource-type=model seed --"},
		{"what is to be done is not taken from the environment", "deps", map[string]string{"DBT_LOCK": "1", "ELT_ADD_PACKAGE": "a@1"}, "elt deps --"},
		{"environment fills in", "build", map[string]string{"DBT_TARGET": "prod"}, "elt build --target=prod --"},
		{"ELT_ beats DBT_", "build", map[string]string{"DBT_TARGET": "prod", "ELT_TARGET": "dev"}, "elt build --target=dev --"},
		{"a flag beats the environment", "build -t here", map[string]string{"ELT_TARGET": "dev"}, "elt build --target=here --"},
		{"a selection is not taken from the environment", "build", map[string]string{"ELT_SELECT": "a", "DBT_EXCLUDE": "b"}, "elt build --"},

		{"an unknown command", "bulid", nil, "error: there is no command \"bulid\" | did you mean `elt build`?"},
		{"an unknown flag", "build --ful-refresh", nil, `error: elt build has no flag "--ful-refresh" | did you mean --full-refresh?`},
		{"a flag of another command", "ls --full-refresh", nil, `error: elt ls has no flag "--full-refresh" | elt ls --help lists the flags`},
		{"a value is missing", "build -s -x", nil, `error: flag "-s" needs a value | elt build --help shows how it is used`},
		{"an argument where none is taken", "build orders -f", nil, `error: elt build takes no arguments, but got "orders" | write: elt build --select orders --full-refresh`},
		{"a flag after an argument", "compact shop -q", nil, `error: flag "-q" stands after the argument "shop" | write: elt compact -q shop`},
		{"no number", "build --threads x", nil, `error: --threads needs a whole number, not "x"`},
		{"no truth", "build --fail-fast=maybe", nil, `error: --fail-fast is true or false, not "maybe"`},
		{"no command", "-q", nil, `error: no command given | elt --help lists the commands`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
			words, err := arrange(newApp(newTestApp()), strings.Fields(c.line), env)
			got := strings.Join(words, " ")
			var usage *usageError
			if errors.As(err, &usage) {
				got = "error: " + usage.message
				if usage.hint != "" {
					got += " | " + usage.hint
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("elt %s (-want +got):\n%s", c.line, diff)
			}
		})
	}
}

func TestShellQuote(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"orders": "orders", "+orders,tag:x": "+orders,tag:x", "my orders": "'my orders'", "it's": `'it'\''s'`, "": "''", "$HOME": "'$HOME'",
	} {
		if got := shellQuote(word); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}

// Every command appears in the usage text, with the same words as in its own help.
func TestUsageNamesEveryCommand(t *testing.T) {
	t.Parallel()
	for _, c := range newApp(newTestApp()).Commands {
		if c.Name == "debug" {
			continue // its line is cut to fit
		}
		if !strings.Contains(usageText, "  "+c.Name+" ") || !strings.Contains(usageText, c.Usage) {
			t.Errorf("usage.txt does not say %q: %q", c.Name, c.Usage)
		}
		for line := range strings.Lines(commandUsage(c)) {
			if len(strings.TrimSuffix(line, "\n")) > 80 && !strings.HasPrefix(line, "elt "+c.Name+":") && !strings.Contains(line, "elt ") {
				t.Errorf("elt %s --help is wider than 80 columns: %q", c.Name, line)
			}
		}
	}
}
