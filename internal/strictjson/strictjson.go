// Package strictjson reads JSON objects that others send and whose keys decide something. encoding/json takes a key in
// any case, and the last of two: {"status": "Failed", "STATUS": "Succeeded"} would be a success to it.
package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/meta-deployer/meta-deployer/internal/printable"
)

// ErrNotObject is a text that is not one JSON object.
var ErrNotObject = errors.New("not a JSON object")

// maxPath is how many characters of a path are shown.
const maxPath = 100

// DuplicateKeyError is an object that has a key twice.
type DuplicateKeyError struct {
	// Path names the key, such as hooks.pre-traffic or stages[0].weight.
	Path string
}

// Error names the key.
func (e DuplicateKeyError) Error() string {
	return fmt.Sprintf("the key %s is given twice", printable.Text(e.Path, maxPath))
}

// Object reads an object: its values by their exact keys. It fails with ErrNotObject, and with a DuplicateKeyError where
// a key is given twice, in the object itself or anywhere within its values: then the values are there too, for whom only a
// part of them matters.
func Object(raw []byte) (map[string]json.RawMessage, error) {
	var values map[string]json.RawMessage
	if json.Unmarshal(raw, &values) != nil || values == nil {
		return nil, ErrNotObject
	}
	if paths, _ := Duplicates(raw, 1); len(paths) > 0 {
		return values, DuplicateKeyError{Path: paths[0]}
	}
	return values, nil
}

// Duplicates finds the keys that are given twice in their object, anywhere within a JSON value: the paths to the first of them,
// at most so many, and how many more there are. What is no JSON has none.
func Duplicates(raw []byte, most int) (paths []string, more int) {
	if !json.Valid(raw) {
		return nil, 0
	}
	s := scan{raw: raw, most: most}
	s.value()
	return s.found, s.more
}
