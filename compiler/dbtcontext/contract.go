package dbtcontext

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"elt/compiler/project"
	"elt/compiler/template"
)

// contractRecord is the contract of a node. An enforced one of a model has the checksum by
// which state:modified.contract tells one from another.
func contractRecord(n *project.Node) record {
	enforced := fromConfig(n, "contract", "enforced", false)
	var checksum template.Value
	if enforced == true && n.Type == project.Model {
		checksum = contractChecksum(n)
	}
	return func(put func(string, template.Value)) {
		put("enforced", enforced)
		put("alias_types", fromConfig(n, "contract", "alias_types", true))
		put("checksum", checksum)
	}
}

// contractChecksum is dbt's (ModelNode.build_contract_checksum): the columns by name with their
// types and constraints, and what a table enforces, as Python prints them.
func contractChecksum(n *project.Node) string {
	var text strings.Builder
	columns := slices.Clone(n.Columns)
	slices.SortStableFunc(columns, func(a, b *project.Column) int { return strings.Compare(a.Name, b.Name) })
	for _, c := range columns {
		text.WriteString("|" + c.Name + template.Str(noneIfEmpty(c.DataType)) + constraintsRepr(c.Constraints, false))
	}
	if kind := n.Materialized(); kind == "table" || kind == "incremental" {
		text.WriteString(kind + constraintsRepr(n.Constraints, true))
	}
	sum := sha256.Sum256([]byte(text.String()))
	return hex.EncodeToString(sum[:])
}

// constraintsRepr is a list of dbt's constraint objects as Python prints it.
func constraintsRepr(list []project.Constraint, ofModel bool) string {
	all := make([]string, len(list))
	for i, c := range list {
		kind, columns := "ColumnLevelConstraint", ""
		if ofModel {
			kind, columns = "ModelLevelConstraint", ", columns="+template.Repr(listOf(c.Columns))
		}
		all[i] = fmt.Sprintf("%s(type=<ConstraintType.%s: '%s'>, name=%s, expression=%s, warn_unenforced=True, "+
			"warn_unsupported=True, to=%s, to_columns=%s%s)", kind, c.Type, c.Type, template.Repr(noneIfEmpty(c.Name)),
			template.Repr(noneIfEmpty(c.Expression)), template.Repr(noneIfEmpty(c.To)), template.Repr(listOf(c.ToColumns)), columns)
	}
	return "[" + strings.Join(all, ", ") + "]"
}
