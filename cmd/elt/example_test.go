package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// truths are what is known of January 2013 from the data package itself.
var truths = []struct {
	what, query, want string
}{
	{"flights", "select count(*) from fct_flights", "27004"},
	{"flights that never departed", "select count(*) from fct_flights where not has_departed", "521"},
	{"flights without arrival delay", "select count(*) from fct_flights where arrival_delay is null", "606"},
	{"miles", "select sum(distance_miles)::bigint from fct_flights", "27188805"},
	{"routes", "select count(distinct (origin, destination)) from route_by_day", "186"},
	{"United", "select flights, mean_arrival_delay from airline_punctuality where carrier = 'UA'", "4637,3.18"},
	{"Hawaiian", "select flights, mean_arrival_delay from airline_punctuality where carrier = 'HA'", "31,27.48"},
	{"unknown planes", `select count(*), count(distinct tail_number) from fct_flights
		where tail_number not in (select tail_number from stg_planes)`, "4324,539"},
	{"unknown airports", `select count(*), string_agg(distinct destination, ' ' order by destination) from fct_flights
		where destination not in (select faa from airports)`, "680,BQN PSE SJU STT"},
	{"flights without weather", "select count(*) from fct_flights where temperature_f is null", "52"},
	{"flights in each mart", `select (select sum(flights) from airline_punctuality)::bigint,
		(select sum(flights) from route_by_day)::bigint, (select sum(flights) from delay_by_weather)::bigint`, "27004,27004,27004"},
}

// TestExample builds the example project as a newcomer does and checks what is known
// of its data; building again, and anew, gives the same tables.
func TestExample(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	copyExample(t, repository, dir)
	runElt(t, dir, "build", "-q")
	database := filepath.Join(dir, "warehouse.duckdb")
	for _, truth := range truths {
		if got := rowsOfQuery(t, database, truth.query); got != truth.want {
			t.Errorf("%s: got %s, want %s", truth.what, got, truth.want)
		}
	}
	first := contentOf(t, database)
	for _, again := range [][]string{{"build", "-q"}, {"build", "-q", "--full-refresh"}} {
		runElt(t, dir, again...)
		if diff := cmp.Diff(first, contentOf(t, database)); diff != "" {
			t.Errorf("%q makes other tables (-first +now):\n%s", again, diff)
		}
	}
	runElt(t, dir, "test", "-q")
}

// TestExampleGrown builds the example while its lake grows: each build takes in the
// days that are new, and in the end the tables are those of one full build.
func TestExampleGrown(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("five builds: left to a run without -short")
	}
	dir := t.TempDir()
	copyExample(t, repository, dir)
	lake := filepath.Join(dir, "lake", "flights")
	days, err := filepath.Glob(filepath.Join(lake, "*.csv"))
	if err != nil || len(days) != 31 {
		t.Fatalf("found %d days, %v", len(days), err)
	}
	waiting := filepath.Join(t.TempDir(), "waiting")
	if err := os.Rename(lake, waiting); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(lake, 0o755); err != nil {
		t.Fatal(err)
	}
	database := filepath.Join(dir, "warehouse.duckdb")
	arrived := 0
	for _, until := range []int{10, 11, 20, 31} {
		for ; arrived < until; arrived++ {
			name := filepath.Base(days[arrived])
			if err := os.Rename(filepath.Join(waiting, name), filepath.Join(lake, name)); err != nil {
				t.Fatal(err)
			}
		}
		runElt(t, dir, "build", "-q")
		got := rowsOfQuery(t, database, "select count(distinct flight_date), max(day(flight_date)) from fct_flights")
		if want := fmt.Sprintf("%d,%d", until, until); got != want {
			t.Fatalf("after day %d the table holds %s (days, last day), want %s", until, got, want)
		}
	}
	grown := contentOf(t, database)
	runElt(t, dir, "build", "-q", "--full-refresh")
	if diff := cmp.Diff(contentOf(t, database), grown); diff != "" {
		t.Errorf("grown day by day the tables differ from a full refresh (-full +grown):\n%s", diff)
	}
}

// runElt runs elt in a folder and fails the test if it does not succeed.
func runElt(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("elt", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "NO_COLOR=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("elt %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// rowsOfQuery returns the rows of a query as CSV without their header.
func rowsOfQuery(t *testing.T, database, query string) string {
	t.Helper()
	table, err := readOnlyQuery(database, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var out bytes.Buffer
	if err := writeCSV(&out, table); err != nil {
		t.Fatal(err)
	}
	_, rows, _ := strings.Cut(strings.TrimSuffix(out.String(), "\n"), "\n")
	return rows
}

// contentOf returns for each published table its columns, its number of rows and a
// checksum of them that does not depend on their order.
func contentOf(t *testing.T, database string) map[string]string {
	t.Helper()
	names := strings.Split(rowsOfQuery(t, database,
		"select table_name from information_schema.tables where table_schema = 'main' order by all"), "\n")
	want := []string{"airline_punctuality", "airlines", "airports", "delay_by_weather", "fct_flights",
		"route_by_day", "stg_planes", "stg_weather"}
	if !slices.Equal(names, want) {
		t.Fatalf("published are %q, want %q", names, want)
	}
	content := map[string]string{}
	for _, name := range names {
		content[name] = rowsOfQuery(t, database, fmt.Sprintf(`select count(*), md5(string_agg(r::varchar, chr(10) order by r::varchar)),
			(select string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position)
			 from information_schema.columns where table_schema = 'main' and table_name = %s)
			from main.%s as r`, "'"+name+"'", name))
	}
	return content
}
