package main

import (
	"bytes"
	"encoding/json"
)

// schema is a JSON Schema of 2020-12, as far as ours need it.
type schema struct {
	Schema      string   `json:"$schema,omitempty"`
	ID          string   `json:"$id,omitempty"`
	Title       string   `json:"title,omitempty"`
	Ref         string   `json:"$ref,omitempty"`
	Description string   `json:"description,omitempty"`
	Default     any      `json:"default,omitempty"`
	Type        string   `json:"type,omitempty"`
	Enum        []string `json:"enum,omitempty"`
	Const       any      `json:"const,omitempty"`
	Format      string   `json:"format,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	MinLength   int      `json:"minLength,omitempty"`
	MaxLength   int      `json:"maxLength,omitempty"`
	// Limits of numbers; nil is none.
	Minimum          *float64 `json:"minimum,omitempty"`
	Maximum          *float64 `json:"maximum,omitempty"`
	ExclusiveMinimum *float64 `json:"exclusiveMinimum,omitempty"`
	ExclusiveMaximum *float64 `json:"exclusiveMaximum,omitempty"`
	MultipleOf       float64  `json:"multipleOf,omitempty"`

	Items    *schema `json:"items,omitempty"`
	MinItems int     `json:"minItems,omitempty"`
	MaxItems int     `json:"maxItems,omitempty"`

	Properties    properties `json:"properties,omitempty"`
	Required      []string   `json:"required,omitempty"`
	PropertyNames *schema    `json:"propertyNames,omitempty"`
	MaxProperties int        `json:"maxProperties,omitempty"`
	// Additional is what other keys may have: false, or a schema.
	Additional any `json:"additionalProperties,omitempty"`

	Not   *schema    `json:"not,omitempty"`
	AnyOf []schema   `json:"anyOf,omitempty"`
	OneOf []schema   `json:"oneOf,omitempty"`
	If    *schema    `json:"if,omitempty"`
	Then  *schema    `json:"then,omitempty"`
	Defs  properties `json:"$defs,omitempty"`
}

// properties are schemas by their keys, in an order for people.
type properties []property

type property struct {
	key    string
	schema schema
}

// MarshalJSON writes the properties in their order.
func (p properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, property := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(property.key)
		if err != nil {
			return nil, err
		}
		value, err := plainJSON(property.schema)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// plainJSON is JSON with <, > and & as they are.
func plainJSON(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// file is a schema as a file for people and editors.
func (s schema) file() ([]byte, error) {
	raw, err := plainJSON(s)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = json.Indent(&b, raw, "", "  ")
	b.WriteByte('\n')
	return b.Bytes(), err
}

// object is one with these keys and no others.
func object(keys properties, required ...string) schema {
	return schema{Type: "object", Properties: keys, Required: required, Additional: false}
}

func words(all ...string) schema { return schema{Type: "string", Enum: all} }

func texts(most int) schema {
	return schema{Type: "string", MinLength: 1, MaxLength: most, Pattern: `^\P{Cc}*$`}
}

func number(low, high float64) schema { return schema{Type: "number", Minimum: &low, Maximum: &high} }

// share is a number above 0.
func share(high float64) schema {
	zero := 0.0
	return schema{Type: "number", ExclusiveMinimum: &zero, Maximum: &high}
}

func whole(low, high float64) schema { return schema{Type: "integer", Minimum: &low, Maximum: &high} }

func list(items schema, most int) schema { return schema{Type: "array", Items: &items, MaxItems: most} }

func either(all ...schema) schema { return schema{AnyOf: all} }

// says adds what a schema means, in one sentence without a full stop.
func (s schema) says(text string) schema {
	s.Description = text
	return s
}

// or adds what is taken where the key is not there.
func (s schema) or(value any) schema {
	s.Default = value
	return s
}
