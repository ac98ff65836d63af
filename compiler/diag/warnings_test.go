package diag_test

import (
	"testing"

	"elt/compiler/diag"
)

// TestWarningsDecide compares with dbt_common 1.29: WarnErrorOptionsV2.errors and silenced.
func TestWarningsDecide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		given            diag.Warnings
		code             diag.Code
		event            string
		errors, silenced bool
	}{
		{"nothing is asked for", diag.Warnings{}, diag.UnknownNode, "NoNodeForYamlKey", false, false},
		{"all", diag.Warnings{All: true}, diag.UnknownNode, "NoNodeForYamlKey", true, false},
		{"all but a code", diag.Warnings{All: true, Warn: []string{"unknown-node"}}, diag.UnknownNode, "NoNodeForYamlKey", false, false},
		{"all but an event", diag.Warnings{All: true, Warn: []string{"NoNodeForYamlKey"}}, diag.UnknownNode, "NoNodeForYamlKey", false, false},
		{"another event of the same code", diag.Warnings{All: true, Warn: []string{"MacroNotFoundForPatch"}}, diag.UnknownNode, "NoNodeForYamlKey", true, false},
		{"a named one", diag.Warnings{Error: []string{"NoNodeForYamlKey"}}, diag.UnknownNode, "NoNodeForYamlKey", true, false},
		{"silence wins over error", diag.Warnings{Error: []string{"unknown-node"}, Silence: []string{"NoNodeForYamlKey"}}, diag.UnknownNode, "NoNodeForYamlKey", false, true},
		{"warn wins over error", diag.Warnings{Error: []string{"unknown-node"}, Warn: []string{"unknown-node"}}, diag.UnknownNode, "", false, false},
		{"deprecations as a group", diag.Warnings{Error: []string{"Deprecations"}}, diag.UnknownKey, "CustomKeyInConfigDeprecation", true, false},
		{"a name counts more than its group", diag.Warnings{Silence: []string{"Deprecations"}, Error: []string{"CustomKeyInConfigDeprecation"}}, diag.UnknownKey, "CustomKeyInConfigDeprecation", true, false},
		{"a group counts more than all", diag.Warnings{All: true, Warn: []string{"Deprecations"}}, diag.UnknownKey, "CustomKeyInConfigDeprecation", false, false},
		{"the group is nothing to others", diag.Warnings{Error: []string{"Deprecations"}}, diag.UnknownNode, "NoNodeForYamlKey", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.given.Errors(c.code, c.event); got != c.errors {
				t.Errorf("errors: %v", got)
			}
			if got := c.given.Silences(c.code, c.event); got != c.silenced {
				t.Errorf("silences: %v", got)
			}
		})
	}
}

func TestWarningsApplyKeepsTheList(t *testing.T) {
	t.Parallel()
	list := diag.List{
		diag.New(diag.SQL, diag.Place{}, "an error"),
		diag.Warn(diag.UnknownKey, diag.Place{}, "a warning"),
		diag.Warn(diag.Held, diag.Place{}, "another"),
		{Severity: diag.Remark, Code: diag.Impact, Message: "a remark"},
	}
	got := diag.Warnings{All: true, Silence: []string{"held"}}.Apply(list)
	if len(got) != 3 || got[1].Severity != diag.Error || got[2].Severity != diag.Remark {
		t.Errorf("got %v", got)
	}
	if list[1].Severity != diag.Warning {
		t.Error("the list was changed")
	}
}
