package compiler

import (
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
)

// checkDeprecated warns of a model whose deprecation_date has passed. As elsewhere, nothing is said
// about files of packages.
func (p *parser) checkDeprecated(node *project.Node) {
	when, ok := p.deprecation(node)
	if !ok || node.Package != p.plan.Project.Name || !when.Before(p.plan.options.Now) {
		return
	}
	d := diag.Warn(diag.Deprecated, node.DeprecationPlace, "%q has passed its deprecation date", versioned(node)).
		WithEvent("DeprecatedModel").WithHint("remove the model, or set enabled: false")
	d.Node = node.UniqueID
	p.report(d)
}

// checkDeprecatedRef warns of a model that reads one which is, or is going to be, deprecated.
func (p *parser) checkDeprecatedRef(node, parent *project.Node, place diag.Place) {
	when, ok := p.deprecation(parent)
	if !ok || node.Type != project.Model || node.Package != p.plan.Project.Name {
		return
	}
	words, event := "was deprecated on", "DeprecatedReference"
	if !when.Before(p.plan.options.Now) {
		words, event = "will be deprecated on", "UpcomingReferenceDeprecation"
	}
	d := diag.Warn(diag.Deprecated, placeIn(place, node.Place), "%q %s %s", versioned(parent), words, when.Format(time.DateOnly)).WithEvent(event)
	if parent.Version != "" && parent.Version != parent.LatestVersion {
		d.WithHint("the latest version is {{ ref('%s', v=%s) }}", parent.Name, parent.LatestVersion)
	}
	d.Node = node.UniqueID
	p.report(d)
}

// deprecation is the deprecation date of a model that has one.
func (p *parser) deprecation(node *project.Node) (time.Time, bool) {
	if node.Type != project.Model || node.Deprecation == nil {
		return time.Time{}, false
	}
	return dbtcontext.DeprecationTime(node.Deprecation)
}

// versioned is a model's name with its version, as dbt writes it.
func versioned(node *project.Node) string {
	if node.Version == "" {
		return node.Name
	}
	return node.Name + ".v" + node.Version
}
