package compiler

import (
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/template"
)

// external is the materialization of models that are files.
const external = "external"

// externalParts renders where an external model is written and the options of the write,
// in which config() may have left templates: dbt-duckdb renders them when it builds. A
// location that is not given is that of the macro external_location.
func (p *Plan) externalParts(how pass, host *compileHost, scope *dbtcontext.Scope, compiled *project.Compiled) error {
	config := host.node.Config
	parts := &project.ExternalParts{Options: template.NewDict()}
	compiled.External = parts
	render := func(text string) (string, error) {
		if !strings.Contains(text, "{{") && !strings.Contains(text, "{%") {
			return text, nil
		}
		t, err := p.templates.parse(text)
		if err != nil {
			return "", err
		}
		out, err := t.Render(how.thread(), scope)
		return strings.TrimSpace(out.Text), err
	}
	var err error
	if location := config.String("location", ""); location != "" {
		parts.Location, err = render(location)
	} else {
		parts.Location, err = p.callText(how, scope, "external_location(this, config)")
	}
	if err != nil {
		return err
	}
	given, _ := config.Get("options")
	options, _ := given.Value.(*template.Dict)
	set := func(key string, v template.Value) error {
		if list, ok := v.(*template.List); ok {
			v = strings.Join(textsOf(list), ", ")
		}
		if text, ok := v.(string); ok {
			if v, err = render(text); err != nil {
				return err
			}
		}
		return parts.Options.Set(key, v)
	}
	for _, item := range options.Items() {
		if err := set(strings.ToLower(template.Str(item.Key)), item.Value); err != nil {
			return err
		}
	}
	for _, legacy := range []struct{ key, option string }{{"format", "format"}, {"delimiter", "delimiter"}, {"codec", "compression"}, {"partition_by", "partition_by"}} {
		v, ok := config.Get(legacy.key)
		if !ok || v.Value == nil {
			continue
		}
		if _, have := parts.Options.Get(legacy.option); have && legacy.key != "format" && legacy.key != "delimiter" {
			continue
		}
		if err := set(legacy.option, v.Value); err != nil {
			return err
		}
	}
	return nil
}
