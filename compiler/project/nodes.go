package project

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"elt/compiler/diag"
	"elt/compiler/regex"
)

// setConfig sets a node's final config, and what of it a node holds itself.
func (n *Node) setConfig(c *Config) {
	n.Config = c
	for _, tag := range c.Strings("tags") {
		n.Tags = appendNew(n.Tags, tag)
	}
	if meta := metaOf(c); meta != nil {
		n.Meta = meta
	}
	n.Group = orElse(c.String("group", ""), n.Group)
}

// SetConfig sets a node's final config, and tags, meta and group from it.
func (n *Node) SetConfig(c *Config) { n.setConfig(c) }

// Apply sets on a node what a patch says beside config: description, columns, constraints, places.
func (patch *Patch) Apply(n *Node) {
	n.Description = patch.Description
	n.Columns = columnsOf(patch.Columns)
	n.Constraints = patch.Constraints
	n.PatchPath, n.PatchPlace = patch.Path, patch.Place
	if patch.Package != n.Package {
		n.PatchPackage = patch.Package
	}
	n.Version, n.LatestVersion = patch.Version, patch.LatestVersion
	n.Deprecation, n.TimeSpine = patch.Raw["deprecation_date"].Value, patch.Raw["time_spine"].Value
	n.DeprecationPlace = patch.Raw["deprecation_date"].Place
}

// join adds the contents of a property file.
func (p *Patches) join(other *Patches) {
	p.Resources = append(p.Resources, other.Resources...)
	p.Macros = append(p.Macros, other.Macros...)
	p.Sources = append(p.Sources, other.Sources...)
	p.Exposures = append(p.Exposures, other.Exposures...)
	p.Semantics = append(p.Semantics, other.Semantics...)
	p.UnitTests = append(p.UnitTests, other.UnitTests...)
	p.Groups = append(p.Groups, other.Groups...)
	p.SingularTests = append(p.SingularTests, other.SingularTests...)
}

type patchKey struct {
	t    ResourceType
	name string
}

// index makes patches findable and reports resources that are described twice.
func (p *Patches) index() diag.List {
	var diags report
	p.byName = make(map[patchKey]*Patch, len(p.Resources)+len(p.SingularTests))
	for _, list := range [][]*Patch{p.Resources, p.SingularTests} {
		for _, patch := range list {
			key := patchKey{patch.Type, patch.Name}
			if first, ok := p.byName[key]; ok {
				diags.add(diag.New(diag.DuplicateNode, patch.Place, "the %s %q is described twice", word(patch.Type), patch.Name).
					WithNote(first.Place, "first here").WithHint("join the two entries"))
				continue
			}
			p.byName[key] = patch
		}
	}
	indexTables(p.Sources, &diags)
	return diags.list
}

func indexTables(sources []*SourcePatch, diags *report) {
	seen := map[[2]string]*TablePatch{}
	for _, s := range sources {
		for _, t := range s.Tables {
			key := [2]string{s.Name, t.Name}
			if first, ok := seen[key]; ok {
				diags.add(diag.New(diag.DuplicateNode, t.Place, "the source table %q is declared twice", s.Name+"."+t.Name).
					WithNote(first.Place, "first here").WithHint("keep one of the two"))
				continue
			}
			seen[key] = t
		}
	}
}

// borrow hands what a property file says of a model or seed that its own project does not have, or has switched off,
// to the first other project that has one of the name, as dbt does: a package's seed that is replaced keeps its column
// types, and a project describes and configures a model of a package.
func (p *Project) borrow() {
	if len(p.Packages) == 0 {
		return
	}
	all := p.All()
	files := make([]map[patchKey]File, len(all))
	for i, proj := range all {
		files[i] = proj.described()
	}
	for i, owner := range all {
		for _, patch := range owner.Patches.Resources {
			key := patchKey{patch.Type, patch.Name}
			if patch.each != nil {
				continue
			}
			for j, taker := range all {
				if _, there := files[j][key]; !there || i == j || taker.Patches.byName[key] != nil {
					continue
				}
				if taker.holds(key, files[j]) && !owner.holds(key, files[i]) {
					taker.Patches.byName[key] = patch
					taker.Patches.Borrowed = append(taker.Patches.Borrowed, patch)
					break
				}
			}
		}
	}
}

// described are the files of a project that an entry of a property file may describe.
func (p *Project) described() map[patchKey]File {
	out := make(map[patchKey]File, len(p.Files))
	for _, f := range p.Files {
		switch f.Kind {
		case ModelFile:
			out[patchKey{Model, f.Name}] = f
		case SeedFile:
			out[patchKey{Seed, f.Name}] = f
		}
	}
	return out
}

// holds reports whether a project has a file, which its project file does not disable, for what a patch describes.
func (p *Project) holds(key patchKey, files map[patchKey]File) bool {
	f, ok := files[key]
	if !ok {
		return false
	}
	config, _ := ResolveConfig(p, ResolveInput{Type: key.t, Package: p.Name, FQN: p.FQN(f.Path, f.Name)})
	return config.Bool("enabled", true)
}

// Find returns the patch of a resource by type and name, or nil.
func (p *Patches) Find(t ResourceType, name string) *Patch { return p.byName[patchKey{t, name}] }

// BuildSeeds returns a node for each seed file, its property file and config merged,
// disabled ones included. Relation is left to the parse pass, which knows the macros
// that name relations.
func BuildSeeds(p *Project) ([]*Node, diag.List) {
	var out []*Node
	var diags diag.List
	for _, f := range p.FilesOf(SeedFile) {
		src := diag.NewSource(p.shown(f.OriginalPath), "")
		n := &Node{UniqueID: "seed." + p.Name + "." + f.Name, Type: Seed, Name: f.Name, Package: p.Name, Path: f.Path,
			OriginalPath: f.OriginalPath, FQN: p.FQN(f.Path, f.Name), Root: p.Root, Source: src, Place: placeOf(src)}
		n.FileSum = sync.OnceValues(func() (string, string) { return p.seedSum(n) })
		in := ResolveInput{Type: Seed, Package: p.Name, FQN: n.FQN}
		if patch := p.Patches.Find(Seed, f.Name); patch != nil {
			patch.Apply(n)
			in.Patch = patch.Config
		}
		cfg, ds := ResolveConfig(p, in)
		diags = append(diags, ds...)
		n.setConfig(cfg)
		out = append(out, n)
	}
	return out, diags
}

// largestSeed is the size in bytes up to which dbt hashes a seed; of a larger one it takes
// the path.
const largestSeed = 1 << 20

// seedSum is the checksum of a seed's file, as dbt has it since 1.12: of its text, in which a
// line ends with a line feed, without white space around it. One that cannot be read has none;
// that is reported where it is loaded.
func (p *Project) seedSum(n *Node) (kind, sum string) {
	read := p.opts.ReadFile
	if read == nil {
		read = os.ReadFile
	}
	data, err := read(filepath.Join(n.Root, filepath.FromSlash(n.OriginalPath)))
	switch {
	case err != nil:
		return "none", ""
	case len(data) > largestSeed:
		return "path", n.OriginalPath
	}
	lines := bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	digest := sha256.Sum256(bytes.TrimSpace(lines))
	return "sha256", hex.EncodeToString(digest[:])
}

// BuildExposures returns a node for each exposure. Refs and Sources are set.
func BuildExposures(p *Project) ([]*Node, diag.List) {
	var out []*Node
	var diags report
	for _, e := range p.Patches.Exposures {
		n := &Node{UniqueID: "exposure." + p.Name + "." + e.Name, Type: Exposure, Name: e.Name, Package: p.Name,
			Path: e.RelPath, OriginalPath: e.Path, FQN: p.FQN(e.RelPath, e.Name), Source: e.Place.Source, Place: e.Place,
			Description: e.Description, PatchPlace: e.Place,
			Exposure: &ExposureInfo{Kind: e.Kind, Label: e.Label, Maturity: e.Maturity, URL: e.URL,
				OwnerName: e.OwnerName, OwnerEmail: e.OwnerEmail}}
		for _, d := range e.DependsOn {
			if metric, ok := parseMetric(d); ok {
				n.Metrics = append(n.Metrics, metric)
				continue
			}
			ref, source, ok := ParseReference(d)
			switch {
			case !ok:
				diags.add(diag.New(diag.WrongType, d.Place, "%q is no reference", d.Text).
					WithHint("write ref('orders'), source('shop', 'orders') or metric('revenue')"))
			case source.Table != "":
				n.Sources = append(n.Sources, source)
			default:
				n.Refs = append(n.Refs, ref)
			}
		}
		cfg, ds := ResolveConfig(p, ResolveInput{Type: Exposure, Package: p.Name, FQN: n.FQN, Patch: e.Config})
		diags.list = append(diags.list, ds...)
		n.setConfig(cfg)
		out = append(out, n)
	}
	return out, diags.list
}

var (
	quotedText = `(?:'([^']*)'|"([^"]*)")`
	refText    = regex.Lazy(`^ref\(\s*` + quotedText + `(?:\s*,\s*` + quotedText + `)?(?:\s*,\s*(?:v|version)\s*=\s*['"]?([\w.]+)['"]?)?\s*\)$`)
	metricText = regex.Lazy(`^metric\(\s*` + quotedText + `(?:\s*,\s*` + quotedText + `)?\s*\)$`)
	sourceText = regex.Lazy(`^source\(\s*` + quotedText + `\s*,\s*` + quotedText + `\s*\)$`)
)

// parseMetric reads a metric() that stands alone as text, in "{{ }}" or without.
func parseMetric(l Located) (MetricCall, bool) {
	m := metricText().FindStringSubmatch(bareCall(l.Text))
	if m == nil {
		return MetricCall{}, false
	}
	call := MetricCall{Name: m[1] + m[2], Place: l.Place}
	if second := m[3] + m[4]; second != "" {
		call.Package, call.Name = call.Name, second
	}
	return call, true
}

// bareCall is a call without "{{ }}" around it.
func bareCall(text string) string {
	text = strings.TrimSpace(text)
	if inner, found := strings.CutPrefix(text, "{{"); found {
		text = strings.TrimSpace(strings.TrimSuffix(inner, "}}"))
	}
	return text
}

// ParseReference reads a ref() or source() that stands alone as text, in "{{ }}" or
// without. For source() the Table of source is set.
func ParseReference(l Located) (ref RefCall, source SourceCall, ok bool) {
	text := bareCall(l.Text)
	if m := sourceText().FindStringSubmatch(text); m != nil {
		return ref, SourceCall{Source: m[1] + m[2], Table: m[3] + m[4], Place: l.Place}, true
	}
	m := refText().FindStringSubmatch(text)
	if m == nil {
		return ref, source, false
	}
	ref = RefCall{Name: m[1] + m[2], Version: m[5], Place: l.Place}
	if second := m[3] + m[4]; second != "" {
		ref.Package, ref.Name = ref.Name, second
	}
	return ref, source, true
}
