package packages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
)

// hubPackage is what a hub says of a package: api/v1/NAMESPACE/NAME.json.
type hubPackage struct {
	Name              string                `json:"name"`
	Namespace         string                `json:"namespace"`
	RedirectNamespace string                `json:"redirectnamespace"`
	RedirectName      string                `json:"redirectname"`
	Versions          map[string]hubVersion `json:"versions"`
}

// hubVersion is one version of a package.
type hubVersion struct {
	Name       string           `json:"name"`
	Packages   []map[string]any `json:"packages"`
	RequireDbt requirements     `json:"require_dbt_version"`
	Downloads  struct {
		Tarball string `json:"tarball"`
	} `json:"downloads"`
}

// requirements are versions of dbt: a text or a list of texts.
type requirements []string

// UnmarshalJSON reads either form.
func (r *requirements) UnmarshalJSON(data []byte) error {
	var list []string
	if err := json.Unmarshal(data, &list); err == nil {
		*r = list
		return nil
	}
	var one string
	if err := json.Unmarshal(data, &one); err != nil {
		return fmt.Errorf("require_dbt_version is neither a text nor a list of texts")
	}
	if *r = nil; one != "" {
		*r = requirements{one}
	}
	return nil
}

// largestAnswer bounds what is read of an answer of a hub, in bytes.
const largestAnswer = 32 << 20

// hubTimeout is how long a hub may take for one answer.
const hubTimeout = 30 * time.Second

// describe asks the hub for a package, once.
func (in *installer) describe(ctx context.Context, spec project.PackageSpec) (*hubPackage, error) {
	if have, ok := in.hubs[spec.Source]; ok {
		return have, nil
	}
	if in.HubURL == "" {
		return nil, problem(spec.Place, "no package hub is set, and %q comes from one", spec.Source).
			WithHint("set DBT_PACKAGE_HUB_URL to the address of the hub, or name the package by git:")
	}
	if strings.Contains(spec.Source, "..") || strings.ContainsAny(spec.Source, "?#% \\") || strings.Count(spec.Source, "/") != 1 {
		return nil, problem(spec.Place, "%q is not the name of a hub package", spec.Source).
			WithHint("hub packages are named like dbt-labs/dbt_utils")
	}
	data, err := in.get(ctx, strings.TrimSuffix(in.HubURL, "/")+"/api/v1/"+spec.Source+".json")
	if err != nil {
		d := because(problem(spec.Place, "the package %q cannot be found on the hub", spec.Source), err)
		if errors.Is(err, errNotFound) {
			d.Message = fmt.Sprintf("the hub has no package %q", spec.Source)
		}
		return nil, d
	}
	answer := &hubPackage{}
	if err := json.Unmarshal(data, answer); err != nil || answer.Versions == nil {
		return nil, problem(spec.Place, "the hub's answer for %q is not as a hub's: it has no versions", spec.Source)
	}
	if answer.RedirectName != "" || answer.RedirectNamespace != "" {
		name := strings.Trim(orElse(answer.RedirectNamespace, answer.Namespace)+"/"+orElse(answer.RedirectName, answer.Name), "/")
		in.warnings = append(in.warnings, diag.Warn(diag.MissingPackage, spec.Place, "the package %q has moved to %q", spec.Source, name).WithEvent("PackageRedirectDeprecation").
			WithHint("name %q in packages.yml", name))
	}
	if in.hubs == nil {
		in.hubs = map[string]*hubPackage{}
	}
	in.hubs[spec.Source] = answer
	return answer, nil
}

func orElse(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// errNotFound is a server's answer that there is no such thing.
var errNotFound = errors.New("not found")

// get fetches a small document.
func (in *installer) get(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, hubTimeout)
	defer cancel()
	body, err := in.open(ctx, address)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, largestAnswer+1))
	if err == nil && len(data) > largestAnswer {
		err = errors.New("the answer is too large")
	}
	return data, err
}

// attempts is how often a request is made that fails for a reason that may pass.
const attempts = 3

// open begins to fetch; the caller closes the body.
func (in *installer) open(ctx context.Context, address string) (io.ReadCloser, error) {
	var last error
	for range attempts {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		answer, err := in.Client.Do(request)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			last = err
			continue
		case answer.StatusCode == http.StatusOK:
			return answer.Body, nil
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusNotFound {
			return nil, errNotFound
		}
		last = fmt.Errorf("the server answered %s", answer.Status)
		if answer.StatusCode < http.StatusInternalServerError {
			break
		}
	}
	return nil, last
}

// pickVersion settles the version of a hub package: the highest that all who ask for it allow and
// that is made for this version of dbt.
func (in *installer) pickVersion(ctx context.Context, spec project.PackageSpec) (picked string, latest string, err error) {
	bounds, err := parseBounds(spec.Versions)
	if err != nil {
		return "", "", because(problem(spec.Place, "the package %q", spec.Source), err).
			WithHint("versions are written like 1.3.0 or [\">=1.0.0\", \"<2.0.0\"]")
	}
	if conflict(bounds) {
		return "", "", problem(spec.Place, "no version of %q can be all of %s", spec.Source, quoted(spec.Versions)).
			WithHint("several packages ask for it; loosen what packages.yml asks for")
	}
	answer, err := in.describe(ctx, spec)
	if err != nil {
		return "", "", err
	}
	pre := spec.Prerelease
	for _, b := range bounds {
		pre = pre || b.pre != ""
	}
	var usable []version
	for text, v := range answer.Versions {
		b, err := parseBound(text)
		if err == nil && (pre || b.pre == "") && fitsDbt(v.RequireDbt) {
			usable = append(usable, b.version)
		}
	}
	usable = sortedVersions(usable)
	var texts []string
	best := ""
	for _, v := range usable {
		texts = append(texts, v.text)
		if allowsAll(bounds, v) {
			best = v.text
		}
	}
	if best == "" {
		return "", "", problem(spec.Place, "the hub has no version of %q that is %s", spec.Source, quoted(spec.Versions)).
			WithHint("it has %s", strings.Join(texts, ", "))
	}
	return best, texts[len(texts)-1], nil
}

// fitsDbt reports whether a package is made for the version of dbt that elt answers as.
func fitsDbt(required []string) bool {
	bounds, err := parseBounds(required)
	if err != nil {
		return true // what nobody can read forbids nothing
	}
	own, err := parseBound(dbtcontext.DbtVersion)
	return err != nil || allowsAll(bounds, own.version)
}
