package dbtcontext

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"elt/compiler/template"
)

// zoneValue is a tzinfo: a fixed offset (datetime.timezone), or one of pytz. As in
// pytz, a zone of the tz database is one value for each of its offsets; localize()
// and astimezone() choose, and a datetime that was given the zone itself has its
// first offset, local mean time.
type zoneValue struct {
	name   string // "America/New_York", "UTC", or "" of a fixed offset
	fixed  time.Duration
	abbrev string
	dst    time.Duration
	loc    *time.Location // of a pytz zone that has transitions, else nil
	pytz   bool
}

var utcZone = &zoneValue{name: "UTC", abbrev: "UTC", pytz: true}

// offset is utcoffset(): of every zone here it is fixed.
func (z *zoneValue) offset(time.Time) time.Duration { return z.fixed }

// at is the zone with the offset that holds at a moment.
func (z *zoneValue) at(moment time.Time) *zoneValue {
	if z.loc == nil {
		return z
	}
	local := moment.In(z.loc)
	abbrev, secs := local.Zone()
	out := *z
	out.fixed, out.abbrev, out.dst = roundOffset(secs), abbrev, 0
	if local.IsDST() {
		out.dst = time.Hour
		start, _ := local.ZoneBounds()
		if _, before := start.Add(-time.Second).Zone(); !start.IsZero() && secs > before {
			out.dst = time.Duration(secs-before) * time.Second
		}
	}
	return &out
}

// roundOffset rounds to minutes, as pytz does.
func roundOffset(secs int) time.Duration {
	d := time.Duration(secs) * time.Second
	return d.Round(time.Minute)
}

// suffix is the offset as the ISO form has it; nothing for a naive value.
func (z *zoneValue) suffix(t time.Time, sep string) string {
	if z == nil {
		return ""
	}
	return formatOffset(z.offset(t), sep)
}

func (z *zoneValue) reprArg() string {
	if z == nil {
		return ""
	}
	return ", tzinfo=" + z.Repr()
}

// TypeName is the Python type name.
func (z *zoneValue) TypeName() string {
	if !z.pytz {
		return "datetime.timezone"
	}
	return "pytz." + z.name
}

// Str is the zone's name.
func (z *zoneValue) Str() string {
	if z.name != "" {
		return z.name
	}
	if z.pytz {
		return z.Repr()
	}
	return "UTC" + z.suffixOrEmpty()
}

func (z *zoneValue) suffixOrEmpty() string {
	if z.fixed == 0 {
		return ""
	}
	return formatOffset(z.fixed, ":")
}

// Repr is Python's.
func (z *zoneValue) Repr() string {
	switch {
	case z.pytz && z.loc != nil:
		kind := "STD"
		if z.dst != 0 {
			kind = "DST"
		}
		return fmt.Sprintf("<DstTzInfo '%s' %s%s %s>", z.name, z.abbrev, deltaOf(z.fixed).signed(), kind)
	case z.pytz && z.name == "UTC":
		return "<UTC>"
	case z.pytz && z.name != "":
		return "<StaticTzInfo '" + z.name + "'>"
	case z.pytz:
		return fmt.Sprintf("pytz.FixedOffset(%d)", int(z.fixed/time.Minute))
	case z.fixed == 0:
		return "datetime.timezone.utc"
	}
	return "datetime.timezone(" + deltaOf(z.fixed).Repr() + ")"
}

// Equal compares name and offset.
func (z *zoneValue) Equal(other template.Value) bool {
	o, ok := other.(*zoneValue)
	return ok && o.name == z.name && o.fixed == z.fixed && o.pytz == z.pytz
}

// Attr returns an attribute or a method.
func (z *zoneValue) Attr(name string) (template.Value, bool) {
	switch name {
	case "zone":
		return noneIfEmpty(z.name), z.pytz
	case "localize":
		return template.NewFunc(name, z.localize), z.pytz
	case "normalize":
		return template.NewFunc(name, z.normalize), z.pytz
	case "utcoffset", "dst", "tzname":
		return template.NewFunc(name, func(c *template.Call) (template.Value, error) {
			d, err := datetimeArg(c, name)
			if err != nil {
				return nil, err
			}
			return z.answer(name, d)
		}), true
	case "fromutc":
		return template.NewFunc(name, func(c *template.Call) (template.Value, error) {
			d, err := datetimeArg(c, name)
			if err != nil || d == nil {
				return nil, err
			}
			return inZone(d.t, z), nil
		}), true
	}
	return nil, false
}

// answer is utcoffset, dst or tzname for a datetime; a pytz zone looks the naive
// time up.
func (z *zoneValue) answer(name string, d *datetimeValue) (template.Value, error) {
	at := z
	if z.loc != nil && d != nil && d.zone == nil {
		at = z.wall(d.t, false)
	}
	switch name {
	case "tzname":
		if at.pytz && at.abbrev == "" {
			return nil, nil
		}
		if at.abbrev == "" {
			return "UTC" + at.suffixOrEmpty(), nil
		}
		return at.abbrev, nil
	case "dst":
		if !z.pytz {
			return nil, nil
		}
		return deltaOf(at.dst), nil
	}
	return deltaOf(at.fixed), nil
}

func datetimeArg(c *template.Call, fn string) (*datetimeValue, error) {
	var v, isDST template.Value
	if err := c.Unpack(fn, "dt", &v, "is_dst?", &isDST); err != nil {
		return nil, err
	}
	if v == nil {
		return nil, nil
	}
	d, ok := v.(*datetimeValue)
	if !ok {
		return nil, template.TypeErrorf("a datetime is required, not %s", template.TypeName(v))
	}
	return d, nil
}

// inZone is a moment, given as its fields in UTC, in a zone.
func inZone(utc time.Time, z *zoneValue) *datetimeValue {
	at := z.at(utc)
	return newDatetime(utc.Add(at.fixed), at)
}

// wall is the zone with the offset in force at a local time. Where two hold, or
// none, it takes standard time, or summer time if dst is asked for.
func (z *zoneValue) wall(local time.Time, dst bool) *zoneValue {
	var found []*zoneValue
	for _, day := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		at := z.at(local.Add(day))
		if back := z.at(local.Add(-at.fixed)); back.fixed == at.fixed {
			found = append(found, back)
		}
	}
	if len(found) == 0 { // a time the clocks skipped
		before, after := z.at(local.Add(-24*time.Hour)), z.at(local.Add(24*time.Hour))
		if dst == (before.dst != 0) {
			return before
		}
		return after
	}
	for _, at := range found {
		if (at.dst != 0) == dst {
			return at
		}
	}
	return found[0]
}

func (z *zoneValue) localize(c *template.Call) (template.Value, error) {
	var v template.Value
	var isDST template.Value = false
	if err := c.Unpack("localize", "dt", &v, "is_dst?", &isDST); err != nil {
		return nil, err
	}
	d, ok := v.(*datetimeValue)
	if !ok {
		return nil, template.TypeErrorf("localize() takes a datetime, not %s", template.TypeName(v))
	}
	if d.zone != nil {
		return nil, template.ValueErrorf("Not naive datetime (tzinfo is already set)")
	}
	if z.loc == nil {
		return newDatetime(d.t, z), nil
	}
	return newDatetime(d.t, z.wall(d.t, template.Truth(isDST))), nil
}

func (z *zoneValue) normalize(c *template.Call) (template.Value, error) {
	d, err := datetimeArg(c, "normalize")
	if err != nil {
		return nil, err
	}
	if d == nil || d.zone == nil {
		return nil, template.ValueErrorf("Naive time - no tzinfo set")
	}
	return inZone(d.instant(), z), nil
}

// pytzModule is modules.pytz.
type pytzModule struct{}

// TypeName is the Python type name.
func (pytzModule) TypeName() string { return "dict" }

// Attr returns what the module exports.
func (pytzModule) Attr(name string) (template.Value, bool) {
	switch name {
	case "utc", "UTC":
		return utcZone, true
	case "timezone":
		return template.NewFunc("pytz.timezone", pytzTimezone), true
	case "FixedOffset":
		return template.NewFunc("pytz.FixedOffset", func(c *template.Call) (template.Value, error) {
			var minutes int64
			if err := c.Unpack(name, "offset", &minutes); err != nil {
				return nil, err
			}
			if minutes == 0 {
				return utcZone, nil
			}
			return &zoneValue{fixed: time.Duration(minutes) * time.Minute, pytz: true}, nil
		}), true
	}
	return nil, false
}

func pytzTimezone(c *template.Call) (template.Value, error) {
	var name string
	if err := c.Unpack("timezone", "zone", &name); err != nil {
		return nil, err
	}
	if strings.EqualFold(name, "UTC") {
		return utcZone, nil
	}
	loc, err := loadZone(name)
	if err != nil {
		return nil, &template.Exception{Kind: "UnknownTimeZoneError", Message: fmt.Sprintf("unknown time zone %q", name)}
	}
	z := &zoneValue{name: loc.String(), loc: loc, pytz: true}
	first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, end := first.In(loc).ZoneBounds(); end.IsZero() { // it never changed
		z.abbrev, _ = first.In(loc).Zone()
		_, secs := first.In(loc).Zone()
		z.fixed, z.loc = roundOffset(secs), nil
		return z, nil
	}
	return z.at(first), nil
}

// loadZone finds a zone of the tz database whatever the letter case.
func loadZone(name string) (*time.Location, error) {
	if name == "" || strings.EqualFold(name, "local") {
		return nil, fmt.Errorf("no such zone")
	}
	if loc, err := time.LoadLocation(name); err == nil {
		return loc, nil
	}
	parts := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '/' })
	for i, part := range parts {
		words := strings.Split(part, "_")
		for n, w := range words {
			if w != "" && w != "of" && w != "es" {
				words[n] = title(w)
			}
		}
		parts[i] = strings.Join(words, "_")
	}
	return time.LoadLocation(strings.Join(parts, "/"))
}
