package dbtcontext

import (
	"errors"

	"elt/compiler/template"
)

// hardDeletes is adapter.get_hard_deletes_behavior: what a snapshot does with rows that
// are gone, by its config hard_deletes or the older invalidate_hard_deletes.
func (a *adapter) hardDeletes(c *template.Call) (template.Value, error) {
	var config template.Value
	if err := c.Unpack("get_hard_deletes_behavior", "config", &config); err != nil {
		return nil, err
	}
	get := a.s.host.ConfigGet
	if given, ok := config.(*template.Dict); ok {
		get = func(key string) (template.Value, bool) { return given.Get(key) }
	}
	older, _ := get("invalidate_hard_deletes")
	word, _ := get("hard_deletes")
	switch {
	case older != nil && word != nil:
		return nil, errors.New(`"invalidate_hard_deletes" and "hard_deletes" do not go together`)
	case template.Truth(older):
		return "invalidate", nil
	case word == nil:
		return "ignore", nil
	case word != template.Value("ignore") && word != template.Value("invalidate") && word != template.Value("new_record"):
		return nil, errors.New(`invalid setting of hard_deletes: use "ignore", "invalidate" or "new_record"`)
	}
	return word, nil
}
