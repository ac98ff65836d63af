package project

import (
	"fmt"
	"strings"
)

// Generated is a project of many small models in layers of a hundred: each reads one or
// two of the layer below, the lowest reads the seeds.
type Generated struct {
	Models, Tests, Seeds int
	Materialized         string // of every model
	Connection
}

// layer is how many models make a layer and share a folder and a property file.
const layer = 100

// Files returns the project; the same numbers give the same files.
func (g Generated) Files() Files {
	files := g.base("generated", g.Materialized)
	for i := range g.Seeds {
		files[fmt.Sprintf("seeds/seed_%d.csv", i)] = seed(i)
	}
	properties := map[int]*strings.Builder{}
	for i := range g.Models {
		n := i / layer
		files[ModelPath(i)] = g.model(i)
		if properties[n] == nil {
			properties[n] = &strings.Builder{}
			properties[n].WriteString("version: 2\nmodels:\n")
		}
		properties[n].WriteString(g.properties(i))
	}
	for n, text := range properties {
		files[fmt.Sprintf("models/layer_%03d/schema.yml", n)] = text.String()
	}
	return files
}

// ModelPath is the path of the i-th generated model.
func ModelPath(i int) string {
	return fmt.Sprintf("models/layer_%03d/model_%05d.sql", i/layer, i)
}

func seed(i int) string {
	var b strings.Builder
	b.WriteString("id,amount,label\n")
	for row := range 100 {
		fmt.Fprintf(&b, "%d,%d,label %d\n", row, (row*7+i)%1000, row%10)
	}
	return b.String()
}

// model is a projection (even numbers, with the literal `+ 1`) or a join (odd numbers).
func (g Generated) model(i int) string {
	below := func(step int) string {
		if i < layer {
			return fmt.Sprintf("seed_%d", (i+step)%g.Seeds)
		}
		return fmt.Sprintf("model_%05d", (i/layer-1)*layer+(i*step+step)%layer)
	}
	if i%2 == 0 {
		return fmt.Sprintf("select id, amount + 1 as amount, label\nfrom {{ ref('%s') }}\n", below(1))
	}
	return fmt.Sprintf("with a as (select * from {{ ref('%s') }}),\nb as (select * from {{ ref('%s') }})\n"+
		"select a.id, a.amount + b.amount as amount, a.label\nfrom a join b on a.id = b.id\n", below(1), below(3))
}

// properties is the entry of one model: its share of the tests, on id and amount.
func (g Generated) properties(i int) string {
	share := (i+1)*g.Tests/g.Models - i*g.Tests/g.Models
	text := fmt.Sprintf("  - name: model_%05d\n    columns:\n      - name: id\n", i)
	for t, test := range []string{"unique", "not_null"} {
		if t == 0 && share > 0 {
			text += "        data_tests:\n"
		}
		if t < share {
			text += "          - " + test + "\n"
		}
	}
	if share > 2 {
		text += "      - name: amount\n        data_tests:\n          - not_null\n"
	}
	return text
}
