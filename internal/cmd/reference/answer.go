package main

import (
	"encoding"
	"reflect"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// answerSchema is what an answer is, made of the type itself. Keys may be added.
func answerSchema() schema {
	s := schemaOf(reflect.TypeFor[answer.Answer]())
	s.Schema, s.ID = "https://json-schema.org/draft/2020-12/schema", "https://github.com/meta-deployer/meta-deployer/blob/main/docs/answer.schema.json"
	s.Title = "An answer of meta-deployer"
	return s
}

// schemaOf is what encoding/json makes of a type.
func schemaOf(t reflect.Type) schema {
	switch {
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem())
	case t == reflect.TypeFor[time.Time]():
		return schema{Type: "string", Format: "date-time"}
	case t == reflect.TypeFor[rollout.Weight]():
		return number(0, 100)
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return schema{Type: "string"}
	}
	switch t.Kind() {
	case reflect.Struct:
		s := schema{Type: "object"}
		for _, f := range reflect.VisibleFields(t) {
			key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !f.IsExported() || key == "-" {
				continue
			}
			s.Properties = append(s.Properties, property{key, schemaOf(f.Type)})
			if !strings.Contains(options, "omit") {
				s.Required = append(s.Required, key)
			}
		}
		return s
	case reflect.Slice:
		items := schemaOf(t.Elem())
		return schema{Type: "array", Items: &items}
	case reflect.String:
		return schema{Type: "string"}
	case reflect.Bool:
		return schema{Type: "boolean"}
	case reflect.Int:
		return schema{Type: "integer"}
	default:
		return schema{Type: "number"}
	}
}
