// Package strictjson reads JSON objects that others send and whose keys decide something. encoding/json takes a key in
// any case, and the last of two: {"status": "Failed", "STATUS": "Succeeded"} would be a success to it.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/printable"
)

// ErrNotObject is a text that is not one JSON object.
var ErrNotObject = errors.New("not a JSON object")

// DuplicateKeyError is an object that has a key twice.
type DuplicateKeyError struct {
	// Path names the key, such as hooks.pre-traffic or stages[0].weight.
	Path string
}

// Error names the key.
func (e DuplicateKeyError) Error() string {
	return fmt.Sprintf("the key %s is given twice", printable.Text(e.Path, 100))
}

// Object reads an object: its values by their exact keys. It fails with ErrNotObject, and with a DuplicateKeyError where
// a key is given twice, in the object itself or anywhere within its values: then the values are there too, for whom only a
// part of them matters.
func Object(raw []byte) (map[string]json.RawMessage, error) {
	var values map[string]json.RawMessage
	if json.Unmarshal(raw, &values) != nil || values == nil {
		return nil, ErrNotObject
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if path := duplicate(d); path != nil {
		slices.Reverse(path)
		return values, DuplicateKeyError{Path: strings.TrimPrefix(strings.Join(path, ""), ".")}
	}
	return values, nil
}

// duplicate reads one value, which is known to be valid, up to the first key that is given twice: it is the path to that
// one, from its end; nil where there is none.
func duplicate(d *json.Decoder) (path []string) {
	token, err := d.Token()
	if err != nil {
		return nil
	}
	switch token {
	case json.Delim('{'):
		seen := map[json.Token]bool{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil
			}
			step := fmt.Sprintf(".%s", key)
			if seen[key] {
				return []string{step}
			}
			seen[key] = true
			if path := duplicate(d); path != nil {
				return append(path, step)
			}
		}
	case json.Delim('['):
		for i := 0; d.More(); i++ {
			if path := duplicate(d); path != nil {
				return append(path, "["+strconv.Itoa(i)+"]")
			}
		}
	default:
		return nil
	}
	_, _ = d.Token() // the closing bracket
	return nil
}
