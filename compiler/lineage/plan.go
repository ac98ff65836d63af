package lineage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// document is what json_serialize_plan returns.
type document struct {
	Error   bool       `json:"error"`
	Message string     `json:"error_message"`
	Plans   []operator `json:"plans"`
}

// operator is a node of the plan: src/include/duckdb/storage/serialization/
// logical_operator.json in DuckDB's source, with the members that matter here.
type operator struct {
	Type     string     `json:"type"`
	Children []operator `json:"children"`

	TableIndex  uint64          `json:"table_index"`
	Expressions expressionLists `json:"expressions"`

	// LOGICAL_GET
	Names          []string      `json:"names"`
	Function       string        `json:"name"`
	FunctionData   *functionData `json:"function_data"`
	ColumnIndexes  []columnIndex `json:"column_indexes"`
	ProjectionIDs  []int         `json:"projection_ids"`
	ProjectedInput []int         `json:"projected_input"`
	InputTypes     []struct{}    `json:"input_table_types"`

	// LOGICAL_FILTER, LOGICAL_ORDER_BY
	ProjectionMap []int   `json:"projection_map"`
	Orders        []order `json:"orders"`
	Projections   []int   `json:"projections"`

	// LOGICAL_AGGREGATE_AND_GROUP_BY, LOGICAL_WINDOW, LOGICAL_UNNEST
	GroupIndex     uint64            `json:"group_index"`
	AggregateIndex uint64            `json:"aggregate_index"`
	GroupingsIndex uint64            `json:"groupings_index"`
	Groups         []expression      `json:"groups"`
	Groupings      []json.RawMessage `json:"grouping_functions"`
	GroupingSets   []json.RawMessage `json:"grouping_sets"`
	WindowIndex    uint64            `json:"window_index"`
	UnnestIndex    uint64            `json:"unnest_index"`

	// LOGICAL_DISTINCT, LOGICAL_LIMIT
	DistinctTargets []expression `json:"distinct_targets"`
	OrderBy         *orderings   `json:"order_by"`
	Limit           *limit       `json:"limit_val"`
	Offset          *limit       `json:"offset_val"`

	// joins
	JoinType           string       `json:"join_type"`
	MarkIndex          uint64       `json:"mark_index"`
	LeftProjectionMap  []int        `json:"left_projection_map"`
	RightProjectionMap []int        `json:"right_projection_map"`
	Conditions         []condition  `json:"conditions"`
	Condition          *expression  `json:"condition"`
	Predicate          *expression  `json:"predicate"`
	Duplicates         []expression `json:"duplicate_eliminated_columns"`
	Flipped            bool         `json:"delim_flipped"`

	// CTEs, set operations, VALUES, PIVOT
	CTEIndex    uint64            `json:"cte_index"`
	ChunkTypes  []json.RawMessage `json:"chunk_types"`
	ExprTypes   []json.RawMessage `json:"expr_types"`
	ColumnCount int               `json:"column_count"`
	UnionAll    bool              `json:"union_all"`
	KeyTargets  []expression      `json:"key_targets"`
	PivotIndex  uint64            `json:"pivot_index"`
	Pivot       *pivot            `json:"bound_pivot"`
}

type functionData struct {
	Catalog string   `json:"catalog"`
	Schema  string   `json:"schema"`
	Table   string   `json:"table"`
	Files   []string `json:"files"`
}

type columnIndex struct {
	Index    uint64 `json:"index"`
	HasIndex bool   `json:"has_index"`
}

type order struct {
	Expression expression `json:"expression"`
}

type orderings struct {
	Orders []order `json:"orders"`
}

type limit struct {
	Type       string      `json:"type"`
	Expression *expression `json:"expression"`
}

type condition struct {
	Left       expression `json:"left"`
	Right      expression `json:"right"`
	Comparison string     `json:"comparison"`
}

type pivot struct {
	GroupCount int               `json:"group_count"`
	Types      []json.RawMessage `json:"types"`
	Aggregates []json.RawMessage `json:"aggregates"`
}

type binding struct {
	Table  uint64 `json:"table_index"`
	Column uint64 `json:"column_index"`
}

// expression is a bound expression: expression.json in DuckDB's source.
type expression struct {
	Class      string   `json:"expression_class"`
	Type       string   `json:"type"`
	Alias      string   `json:"alias"`
	ReturnType dataType `json:"return_type"`

	Index   int      `json:"index"`   // BOUND_REF
	Binding *binding `json:"binding"` // BOUND_COLUMN_REF
	Value   *literal `json:"value"`   // BOUND_CONSTANT

	Name     string       `json:"name"` // of a function
	Children []expression `json:"children"`
	Child    *expression  `json:"child"`
	Left     *expression  `json:"left"`
	Right    *expression  `json:"right"`
	Input    *expression  `json:"input"`
	Lower    *expression  `json:"lower"`
	Upper    *expression  `json:"upper"`
	Checks   []check      `json:"case_checks"`
	Else     *expression  `json:"else_expr"`
	Captures []expression `json:"captures"`
	Lambda   *lambda      `json:"function_data"` // of a function that takes one

	Filter *expression `json:"filter"` // of an aggregate
	Orders []order     `json:"orders"` // of a window
	Sorted *orderings  `json:"order_bys"`

	Partitions []expression `json:"partitions"`
	Filters    *expression  `json:"filters"` // of a window
	Start      *expression  `json:"start_expr"`
	End        *expression  `json:"end_expr"`
	Offset     *expression  `json:"offset_expr"`
	Default    *expression  `json:"default_expr"`
	ArgOrders  []order      `json:"arg_orders"`
}

// lambda is what a list function does with each element. In its body the columns are the
// index, if it has one, the element, and the arguments of the function behind the list.
type lambda struct {
	Body     *expression `json:"lambda_expr"`
	HasIndex bool        `json:"has_index"`
}

type check struct {
	When expression `json:"when_expr"`
	Then expression `json:"then_expr"`
}

// dataType is a type, with the fields of a struct.
type dataType struct {
	ID   string `json:"id"`
	Info struct {
		Fields []struct {
			Name string `json:"first"`
		} `json:"child_types"`
	} `json:"type_info"`
}

// literal is a constant. Only text and numbers are looked at: names and numbers of fields.
type literal struct {
	Value json.RawMessage `json:"value"`
}

// text is the literal as text, or "".
func (l *literal) text() string {
	var s string
	if l == nil || json.Unmarshal(l.Value, &s) != nil {
		return ""
	}
	return s
}

// expressionLists are the expressions of an operator: rows of them for VALUES, and else
// one row.
type expressionLists [][]expression

func (e *expressionLists) UnmarshalJSON(text []byte) error {
	if inner := bytes.TrimLeft(text[1:], " \t\r\n"); len(inner) > 0 && inner[0] == '[' {
		return json.Unmarshal(text, (*[][]expression)(e))
	}
	var row []expression
	if err := json.Unmarshal(text, &row); err != nil {
		return err
	}
	*e = expressionLists{row}
	return nil
}

// list is the one row of expressions.
func (e expressionLists) list() []expression {
	if len(e) == 0 {
		return nil
	}
	return e[0]
}

func parsePlan(plan []byte) (*operator, error) {
	var doc document
	if err := json.Unmarshal(plan, &doc); err != nil {
		return nil, fmt.Errorf("the plan cannot be read: %w", err)
	}
	if doc.Error {
		return nil, errors.New(doc.Message)
	}
	if len(doc.Plans) != 1 {
		return nil, fmt.Errorf("%d statements, want one query", len(doc.Plans))
	}
	return &doc.Plans[0], nil
}
