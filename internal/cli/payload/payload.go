// Package payload makes the request that is sent of a file and of flags.
package payload

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/strictjson"
)

// Of is a request as JSON: the object of a file, empty for none, with the action, and with what flags give for keys by their
// names, which win over the file. Whether the request is a good one is for request.Parse to say.
func Of(file []byte, action request.Action, flags map[string][]string) ([]byte, error) {
	values := map[string]json.RawMessage{}
	if len(file) > 0 {
		if len(file) > request.MaxBytes {
			return nil, fmt.Errorf("the request has %d bytes: give at most %d", len(file), request.MaxBytes)
		}
		var err error
		values, err = strictjson.Object(file)
		if errors.Is(err, strictjson.ErrNotObject) {
			return nil, fmt.Errorf(`the request is %w: give one, such as {"function-name": "f", "alias": "live", "new-version": "2"}`, err)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: keep one", err)
		}
	}
	for _, key := range request.Keys() {
		if given := flags[key.Name]; len(given) > 0 {
			values[key.Name] = value(key.Form, given)
		}
	}
	if len(flags["alias"]) > 0 {
		delete(values, "alias-name") // the file's other name for what the flag gives
	}
	values["action"] = encode(string(action))
	return encode(values), nil
}

// Without is a request without some of its keys, and with another action: for a question about the same rollout.
func Without(raw []byte, action request.Action, keys ...string) []byte {
	values, err := strictjson.Object(raw)
	if err != nil {
		return raw
	}
	for _, key := range keys {
		delete(values, key)
	}
	values["action"] = encode(string(action))
	return encode(values)
}

// value is what a flag's text stands for. The last of several wins, but in a list.
func value(form request.Form, given []string) json.RawMessage {
	last := given[len(given)-1]
	trimmed := strings.TrimSpace(last)
	switch form {
	case request.Number:
		var number json.Number
		if json.Unmarshal([]byte(trimmed), &number) == nil && !strings.HasPrefix(trimmed, `"`) {
			return json.RawMessage(trimmed)
		}
	case request.Texts:
		if len(given) > 1 || !strings.HasPrefix(trimmed, "[") {
			return encode(slices.Clone(given))
		}
		if json.Valid([]byte(trimmed)) {
			return json.RawMessage(trimmed)
		}
	case request.Reason:
		if strings.HasPrefix(trimmed, "{") && json.Valid([]byte(trimmed)) {
			return json.RawMessage(trimmed)
		}
		return encode(map[string]string{"reason": last})
	case request.JSON:
		if json.Valid([]byte(trimmed)) {
			return json.RawMessage(trimmed)
		}
	case request.Text:
	}
	return encode(last)
}

// encode writes what JSON can hold.
func encode(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		return json.RawMessage(`"unreadable"`)
	}
	return raw
}
