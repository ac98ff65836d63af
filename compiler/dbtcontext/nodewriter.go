package dbtcontext

import (
	"slices"
	"sync"

	"elt/compiler/project"
	"elt/compiler/template"
)

// NodeWriter writes nodes as JSON. What many nodes share is written once, so that it is to be
// used for the nodes of one plan, while that does not change. It is safe for concurrent use; the
// zero value is ready.
type NodeWriter struct {
	configs sync.Map // sharedConfig → [2]written
}

// sharedConfig names the config of nodes that have the same one.
type sharedConfig struct {
	config *project.Config
	t      project.ResourceType
}

// written is a value as JSON.
type written []byte

// Append appends [NodeValue] as JSON, without what is there for templates only. Where changes
// has a value for a key, that comes in its place; what is left of changes comes last.
func (w *NodeWriter) Append(buffer []byte, n *project.Node, changes ...template.Item) ([]byte, error) {
	shared, err := w.config(n)
	if err != nil {
		return buffer, err
	}
	if shared != nil {
		changes = append(slices.Clip(changes), item("config", shared[0]), item("unrendered_config", shared[1]))
	}
	return record(func(put func(string, template.Value)) {
		graphRecord(n, n.Compiled != nil)(put)
		if isCompiled(n) {
			put("compiled", true)
			put("compiled_code", n.Compiled.SQL)
		}
	}).appendTo(buffer, changes...)
}

// config is a node's config and its unrendered one where others have the same; else nil.
func (w *NodeWriter) config(n *project.Node) (*[2]written, error) {
	if n.Config == nil || n.Group != "" || n.Type == project.Source || n.Type == project.Exposure || n.Type == project.UnitTest {
		return nil, nil
	}
	key := sharedConfig{n.Config.Shared(), n.Type}
	if key.config == nil {
		return nil, nil
	}
	if have, ok := w.configs.Load(key); ok {
		return have.(*[2]written), nil
	}
	var out [2]written
	for i, one := range []record{configRecord(n), recordOf(n.Unrendered())} {
		text, err := one.appendTo(nil)
		if err != nil {
			return nil, err
		}
		out[i] = text
	}
	w.configs.Store(key, &out)
	return &out, nil
}
