package main

import (
	"slices"
	"strconv"
	"strings"
)

// fromEnvironment adds flags that were not given but are set as ELT_<FLAG> or
// DBT_<FLAG>.
func (s *scanner) fromEnvironment(env func(string) (string, bool)) error {
	for _, f := range s.command.Flags {
		o := &option{Flag: f}
		if s.given[o.name()] || isIneffective(o.name()) {
			continue
		}
		for _, name := range environmentNames(o) {
			value, ok := env(name)
			if !ok || value == "" {
				continue
			}
			if on, isSwitch := parseSwitch(value); isSwitch && name == "DBT_NO_PRINT" {
				value = strconv.FormatBool(!on)
			}
			if err := s.add(o, value, "environment variable "+name); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// environmentNames lists the variables that stand in for a flag, the strongest first.
// A selection, and what is to be done, is never taken from the environment, as in dbt.
func environmentNames(o *option) []string {
	if slices.Contains(onCommandLineOnly(), o.name()) {
		return nil
	}
	base := strings.ToUpper(strings.ReplaceAll(o.name(), "-", "_"))
	names := []string{"ELT_" + base, "DBT_ENGINE_" + base, "DBT_" + base}
	switch o.name() {
	case "resource-type", "exclude-resource-type":
		names = append(names, "ELT_"+base+"S", "DBT_ENGINE_"+base+"S", "DBT_"+base+"S")
	case "print":
		names = append(names, "DBT_NO_PRINT")
	case "defer":
		names = append(names, "DBT_DEFER_TO_STATE")
	case "favor-state":
		names = append(names, "DBT_FAVOR_STATE_MODE")
	case "state":
		names = append(names, "DBT_ARTIFACT_STATE_PATH")
	}
	return names
}

// onCommandLineOnly are the flags that no variable stands in for.
func onCommandLineOnly() []string {
	return []string{
		"add-package", "args", "candidate", "compile", "config-dir", "connection", "exclude", "help", "inline", "inline-direct",
		"limit", "lock", "models", "no-compile", "output", "output-keys", "select", "selector", "show", "skip-debug",
		"skip-profile-setup", "source", "sql", "static", "upgrade", "vars",
	}
}

// parseSwitch reads what a flag without a value is set to, in any word that dbt takes.
func parseSwitch(text string) (on, ok bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "1", "true", "t", "yes", "y", "on":
		return true, true
	case "0", "false", "f", "no", "n", "off":
		return false, true
	}
	return false, false
}
