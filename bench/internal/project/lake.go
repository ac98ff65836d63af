package project

import (
	"fmt"
	"strings"
)

// Lake is a project over raw files, one file a day, that arrive day by day in
// lake/raw/file_day=YYYY-MM-DD/. Its one table, facts, takes in what is new.
type Lake struct {
	Reader  string   // arguments of read_csv beside the files: "delim = ',', nullstr = 'NA'". Without the dialect DuckDB looks for it in every file
	Columns []string // what the table has of each file, as SQL; `day` comes first by itself
	Key     string   // a column that is never NULL, for the one test
	First   string   // the first day there can be
	ByFile  bool     // elt's by_file strategy in the place of dbt's delete+insert
	Connection
}

// LakeFiles is where the files of a day lie in the project.
func LakeFiles(day string) string { return "lake/raw/file_day=" + day }

func (l Lake) read(files string) string {
	return fmt.Sprintf("read_csv('%s', hive_partitioning = true, %s)", files, l.Reader)
}

// fileColumn is what a by_file source has beside the columns of its files: the file of
// the row, by which the rows of a file that changes are replaced.
const fileColumn = "_file"

// Files returns the project as dbt and elt read it.
//
// Under delete+insert it asks the table for its last day before it reads the files: with
// the day as a literal DuckDB opens only files of later days, as somebody who knows dbt
// and DuckDB would write it. Such a model never sees a file that arrives late, nor one
// that is sent again.
func (l Lake) Files() Files {
	files := l.base("lake", "table")
	columns := "file_day as day,\n    " + strings.Join(l.Columns, ",\n    ")
	model := "{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='day') }}\n" +
		"{% if is_incremental() %}{% set last = run_query('select max(day)::varchar from ' ~ this).columns[0].values()[0] %}{% endif %}\n" +
		"select\n    " + columns + "\nfrom {{ source('lake', 'raw') }}\n" +
		"{% if is_incremental() %}where file_day > date '{{ last }}'{% endif %}\n"
	source := fmt.Sprintf("    meta:\n      external_location: \"%s\"\n    tables:\n      - name: raw\n", l.read("lake/raw/*/*.csv"))
	if l.ByFile {
		model = "{{ config(materialized='incremental', incremental_strategy='by_file') }}\n" +
			"select\n    " + columns + ",\n    " + fileColumn + "\nfrom {{ source('lake', 'raw') }}\n"
		source = fmt.Sprintf("    tables:\n      - name: raw\n        path: lake/raw/*/*.csv\n        format: csv\n        options: {hive_partitioning: true, %s}\n",
			strings.ReplaceAll(l.Reader, " =", ":"))
	}
	files["models/facts.sql"] = model
	files["models/lake.yml"] = "version: 2\nsources:\n  - name: lake\n" + source +
		"models:\n  - name: facts\n    columns:\n      - name: " + l.Key + "\n        data_tests: [not_null]\n"
	return files
}

// SQLMesh returns the project for SQLMesh: incremental by time range, a day at a time
// once it has caught up, with the same audit.
func (l Lake) SQLMesh() Files {
	files := sqlmeshBase("lake", l.Connection)
	files["config.yaml"] = strings.Replace(files["config.yaml"], "2024-01-01", l.First, 1)
	files["models/facts.sql"] = fmt.Sprintf("MODEL (\n  name main.facts,\n  kind INCREMENTAL_BY_TIME_RANGE (time_column day, batch_size 1000),\n"+
		"  start '%s',\n  cron '@daily',\n  audits (not_null(columns := (%s)))\n);\n\nselect\n    file_day as day,\n    %s\nfrom %s\nwhere file_day between @start_date and @end_date\n",
		l.First, l.Key, strings.Join(l.Columns, ",\n    "), l.read("lake/raw/*/*.csv"))
	return files
}

// Bare returns the statements by which somebody who knows which days are new would take
// them in: idempotent, whatever is sent again. No day makes the table alone.
func (l Lake) Bare(days ...string) string {
	columns := "file_day as day, " + strings.Join(l.Columns, ", ")
	if len(days) == 0 {
		return fmt.Sprintf("create table main.facts as select %s from %s;\n", columns, l.read("lake/raw/*/*.csv"))
	}
	var b strings.Builder
	for _, day := range days {
		fmt.Fprintf(&b, "begin; delete from main.facts where day = date '%s';\ninsert into main.facts select %s from %s; commit;\n",
			day, columns, l.read(LakeFiles(day)+"/*.csv"))
	}
	fmt.Fprintf(&b, "select count(*) from main.facts where %s is null;\n", l.Key)
	return b.String()
}
