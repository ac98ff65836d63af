package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The law of the house. Who may import whom among elt's own packages: a package may
// import those listed for it (and everything below a listed one that ends in "/...").
// What has no entry may not exist, so that a new package gets its place here.
var law = map[string][]string{
	"cmd/elt":                 {"cmd/elt/internal/...", "runner/...", "compiler/..."},
	"cmd/elt/internal/report": {"runner", "runner/unittest", "compiler/..."},
	"runner":                  {"runner/...", "compiler/..."},
	"runner/artifact":         {"runner", "compiler/..."},
	"runner/check":            {"runner/engine", "compiler/..."},
	"runner/culprit":          {"compiler/diag", "compiler/regex", "compiler/sqltoken"},
	"runner/duckdb":           {"runner/engine", "compiler", "compiler/diag", "compiler/project", "compiler/regex", "compiler/sqltoken"},
	"runner/engine":           {"compiler/project"},
	"runner/kept":             {},
	"runner/materialize":      {"runner/engine", "compiler/..."},
	"runner/packages":         {"compiler/..."},
	"runner/state":            {"runner/engine", "compiler/..."},
	"runner/sieve":            {"compiler/..."},
	"runner/unittest":         {"runner/engine", "compiler/..."},
	"compiler":                {"compiler/..."},
	"compiler/dbtcontext":     {"compiler/project", "compiler/template", "compiler/diag", "compiler/regex"},
	"compiler/diag":           {},
	"compiler/graph":          {"compiler/diag"},
	"compiler/lineage":        {"compiler/diag"},
	"compiler/project":        {"compiler/template", "compiler/diag", "compiler/regex"},
	"compiler/regex":          {},
	"compiler/selector":       {"compiler/project", "compiler/template", "compiler/graph", "compiler/diag"},
	"compiler/sqltoken":       {"compiler/diag"},
	"compiler/template":       {"compiler/diag", "compiler/regex"},
}

// owned are modules that only one package (and what is below it) may import.
var owned = map[string]string{
	"github.com/flosch/pongo2":        "compiler/template",
	"github.com/duckdb/":              "runner/duckdb",
	"github.com/urfave/cli":           "cmd/elt",
	"github.com/google/go-cmp":        "tests only",
	"github.com/rogpeppe/go-internal": "tests only",
	"database/sql":                    "runner/duckdb",
}

// goFile is a file of the module.
type goFile struct {
	path, pkg string
	test      bool
	syntax    *ast.File
	set       *token.FileSet
}

// files parses every Go file of elt's own packages.
func files(t *testing.T) []goFile {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var all []goFile
	for _, top := range []string{"cmd", "compiler", "runner"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			if entry.IsDir() || filepath.Ext(path) != ".go" {
				return nil
			}
			set := token.NewFileSet()
			syntax, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			relative, _ := filepath.Rel(root, path)
			relative = filepath.ToSlash(relative)
			all = append(all, goFile{relative, filepath.ToSlash(filepath.Dir(relative)), strings.HasSuffix(path, "_test.go"), syntax, set})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestDependencyLaw(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		allowed, known := law[f.pkg]
		if !known {
			t.Errorf("%s: package %s has no place in the law (cmd/elt/law_test.go)", f.path, f.pkg)
			continue
		}
		for _, spec := range f.syntax.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if own, ok := strings.CutPrefix(path, "elt/"); ok && own != f.pkg && !f.test && !permits(allowed, own) {
				t.Errorf("%s: %s must not import %s", f.path, f.pkg, own)
			}
			for module, owner := range owned {
				if !strings.HasPrefix(path, module) || f.test {
					continue
				}
				if f.pkg != owner && !strings.HasPrefix(f.pkg, owner+"/") {
					t.Errorf("%s: %s belongs to %s", f.path, path, owner)
				}
			}
		}
	}
}

// TestRegularExpressionsAreLazyAndCompile looks at those that stand in the code of a package:
// compiled at the start, they would cost each command milliseconds; a wrong one would be found by
// whoever needs it first.
func TestRegularExpressionsAreLazyAndCompile(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, f := range files(t) {
		if f.test || strings.HasPrefix(f.pkg, "bench") {
			continue
		}
		for _, decl := range f.syntax.Decls {
			_, inFunction := decl.(*ast.FuncDecl)
			ast.Inspect(decl, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				switch name := types.ExprString(call.Fun); {
				case name == "regexp.MustCompile" && !inFunction:
					t.Errorf("%s: use regex.Lazy", f.set.Position(call.Pos()))
				case name == "regex.Lazy" && len(call.Args) == 1, name == "say" && len(call.Args) == 3:
					if text, ok := call.Args[0].(*ast.BasicLit); ok {
						seen++
						literal, _ := strconv.Unquote(text.Value)
						if _, err := regexp.Compile(literal); err != nil {
							t.Errorf("%s: %v", f.set.Position(call.Pos()), err)
						}
					}
				}
				return true
			})
		}
	}
	if seen < 100 {
		t.Errorf("only %d regular expressions were looked at", seen)
	}
}

func permits(allowed []string, own string) bool {
	return slices.ContainsFunc(allowed, func(rule string) bool {
		if below, all := strings.CutSuffix(rule, "/..."); all {
			return own == below || strings.HasPrefix(own, below+"/")
		}
		return own == rule
	})
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, f := range files(t) {
		if !f.test {
			documented[f.pkg] = documented[f.pkg] || f.syntax.Doc != nil
		}
	}
	for pkg, has := range documented {
		if !has {
			t.Errorf("package %s has no package comment", pkg)
		}
	}
}

// Library code returns what it has to say: it neither prints nor ends the process.
func TestOnlyMainExitsAndLibrariesDoNotPrint(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		if f.test || f.path == "cmd/elt/main.go" {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch name := callee(call); {
			case name == "os.Exit", strings.HasPrefix(name, "log.Fatal"), strings.HasPrefix(name, "log.Panic"):
				t.Errorf("%s: %s below main", f.set.Position(call.Pos()), name)
			case name == "fmt.Print", name == "fmt.Println", name == "fmt.Printf", strings.HasPrefix(name, "log.Print"), name == "print", name == "println":
				t.Errorf("%s: %s prints", f.set.Position(call.Pos()), name)
			}
			return true
		})
	}
}

// callee is the name of what is called: "os.Exit", "println".
func callee(call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		if pkg, ok := fun.X.(*ast.Ident); ok {
			return pkg.Name + "." + fun.Sel.Name
		}
	}
	return ""
}

// A replace directive would break `go install elt/cmd/elt@latest` for everybody.
func TestModuleHasNoReplace(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "\nreplace ") {
		t.Error("go.mod has a replace directive")
	}
}

// Every kind of diagnostic has a scenario that shows it.
func TestEveryDiagnosticCodeHasAScenario(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(text)
	}
	for code := range diagnosticCodes(t) {
		if !strings.Contains(shown.String(), "["+code+"]") && !strings.Contains(shown.String(), `"code":"`+code+`"`) && !comesLater[code] {
			t.Errorf("no scenario shows a diagnostic %q", code)
		}
	}
}

// comesLater are codes whose features are not part of the commands yet.
var comesLater = map[string]bool{
	"held":    true, // a held node is reported with its run
	"timeout": true,
}

// diagnosticCodes reads the constants of compiler/diag/code.go.
func diagnosticCodes(t *testing.T) map[string]bool {
	t.Helper()
	codes := map[string]bool{}
	for _, f := range files(t) {
		if f.path != "compiler/diag/code.go" {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				code, _ := strconv.Unquote(lit.Value)
				codes[code] = true
			}
			return true
		})
	}
	if len(codes) < 20 {
		t.Fatalf("only %d codes found", len(codes))
	}
	return codes
}
