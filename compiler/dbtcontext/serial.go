package dbtcontext

import "elt/compiler/template"

// fromJSON is fromjson(): the default where the text is not JSON.
func fromJSON(c *template.Call) (template.Value, error) {
	var text string
	var def template.Value
	if err := c.Unpack("fromjson", "string", &text, "default?", &def); err != nil {
		return nil, err
	}
	v, err := template.FromJSON(text)
	if err != nil {
		return def, nil
	}
	return v, nil
}

// toJSON is tojson(). What JSON cannot hold is an error, as in dbt, whose default
// is for other failures.
func toJSON(c *template.Call) (template.Value, error) {
	var v, def template.Value
	var sortKeys bool
	if err := c.Unpack("tojson", "value", &v, "default?", &def, "sort_keys?", &sortKeys); err != nil {
		return nil, err
	}
	text, err := template.ToJSON(v, sortKeys)
	if err != nil {
		return nil, err
	}
	return text, nil
}
