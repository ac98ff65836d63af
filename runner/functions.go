package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// tableFunction is a table function that is published: its text (ViewSQL) is a query.
type tableFunction struct {
	engine.RelationInfo
	parameters []string // their names
}

// To ask for functions takes DuckDB longer than to ask for all the rest, so it is asked only
// where the project has a table function.
const functionsSQL = `select database_name, schema_name, function_name, macro_definition, array_to_string(parameters, chr(0))
  from duckdb_functions() where function_type = 'table_macro' and not internal
order by 1, 2, 3`

// readFunctions reads the table functions of the project's that are published. Others are
// called as they are, whatever they read.
func (p *published) readFunctions(ctx context.Context, s engine.Session, plan *compiler.Plan) error {
	ours := map[string]bool{}
	for _, node := range plan.Nodes {
		if node.IsFunction() {
			ours[p.names.full(node.Relation).Key()] = true
		}
	}
	if len(ours) == 0 {
		return nil
	}
	t, err := s.Query(ctx, functionsSQL)
	if err != nil {
		return err
	}
	p.functions = map[string]*tableFunction{}
	for _, row := range t.Rows {
		f := &tableFunction{}
		f.Database, _ = row[0].(string)
		f.Schema, _ = row[1].(string)
		f.Identifier, _ = row[2].(string)
		f.ViewSQL, _ = row[3].(string)
		if parameters, _ := row[4].(string); parameters != "" {
			f.parameters = strings.Split(parameters, "\x00")
		}
		if ours[f.Key()] {
			p.functions[f.Key()] = f
		}
	}
	return nil
}

// calls returns the table functions of the project's that a published text calls; at is where it
// begins.
func (p *published) calls(query string, at int, reader *engine.RelationInfo) []viewRead {
	if len(p.functions) == 0 {
		return nil
	}
	var out []viewRead
	for _, chain := range sqltoken.Chains(query) {
		if !chain.Call || len(chain.Parts) > 3 {
			continue
		}
		ref := duckdb.TableRef{Name: chain.Name()}
		if n := len(chain.Parts); n > 1 {
			ref.Schema = chain.Parts[n-2].Name
		}
		if len(chain.Parts) == 3 {
			ref.Catalog = chain.Parts[0].Name
		}
		for _, rel := range p.meanings(ref, reader) {
			if f := p.functions[rel.Key()]; f != nil {
				out = append(out, viewRead{key: rel.Key(), rel: f.Relation, start: at + chain.Span.Start, end: at + chain.Span.End})
				break
			}
		}
	}
	return out
}

// shadowStatement makes the shadow of what is published as a text, with the names in it replaced.
func (r *run) shadowStatement(key string, edits []sqltoken.Edit) (string, error) {
	if f := r.published.functions[key]; f != nil {
		sql, _ := sqltoken.Rewrite(f.ViewSQL, edits)
		return materialize.FunctionSQL(r.names.shadowOf(f.Relation), r.parametersOf(f), sql), nil
	}
	view := r.published.relations[key]
	start, end, ok := viewName(view.ViewSQL)
	if !ok {
		return "", fmt.Errorf("the text of view %s cannot be read: %s", view.Relation, view.ViewSQL)
	}
	edits = append(edits, sqltoken.Edit{Span: span(start, end), Text: r.names.shadowOf(view.Relation).String()})
	sql, _ := sqltoken.Rewrite(view.ViewSQL, edits)
	return strings.TrimRight(sql, " \t\r\n;"), nil
}

// parametersOf are the parameters of a function that is published. DuckDB shows their names; what
// more there is to them the project says, if they still have these names.
func (r *run) parametersOf(f *tableFunction) []string {
	node := r.plan.Nodes[r.net.relations().makers[f.Key()]]
	if node == nil {
		return f.parameters
	}
	spec, _ := materialize.SpecOf(node, project.Relation{}, false)
	text := strings.Join(spec.Parameters, ", ")
	var names []string
	depth, first := 0, true
	for tok := range sqltoken.Tokens(text) {
		switch word := tok.Text(text); {
		case word == "(" || word == "[":
			depth++
		case word == ")" || word == "]":
			depth--
		case word == "," && depth == 0:
			first = true
		case first && (tok.Kind == sqltoken.Word || tok.Kind == sqltoken.Quoted):
			names, first = append(names, sqltoken.Unquote(word)), false
		}
	}
	if slices.EqualFunc(names, f.parameters, strings.EqualFold) {
		return spec.Parameters
	}
	return f.parameters
}
