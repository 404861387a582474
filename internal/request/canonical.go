package request

import (
	"bytes"
	"encoding/json"
)

// HandedOver is a request as the input of a long engine: canonical JSON, with sorted keys and without blanks, of the caller's own
// keys and values, but for hand-off, which has had its effect. The version is named by its number, and where the rollout runs
// already its id is there: then the engine goes on with that one only. It is for requests that Parse has accepted.
func HandedOver(raw []byte, version, rollout string) ([]byte, error) {
	keys, err := keysOf(raw)
	if err != nil {
		return nil, err
	}
	delete(keys, "hand-off")
	keys["new-version"] = version
	if rollout != "" {
		keys["rollout-id"] = rollout
	}
	return canonical(keys)
}

// Same says that two requests ask for the same rollout of the same version: however they are written, and whatever they say of
// the engine, the id of the rollout and why.
func Same(a, b []byte) bool {
	var texts [2][]byte
	for i, raw := range [][]byte{a, b} {
		keys, err := keysOf(raw)
		if err != nil {
			return false
		}
		for _, key := range []string{"hand-off", "rollout-id", "new-version", "message", "action"} {
			delete(keys, key)
		}
		if name, ok := keys["alias-name"]; ok {
			keys["alias"] = name
			delete(keys, "alias-name")
		}
		if texts[i], err = canonical(keys); err != nil {
			return false
		}
	}
	return bytes.Equal(texts[0], texts[1])
}

// keysOf takes one JSON object apart, with every number as it is written.
func keysOf(raw []byte) (keys map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	err = decoder.Decode(&keys)
	return keys, err
}

// canonical writes an object with sorted keys, without blanks, and with every character as itself.
func canonical(keys map[string]any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(keys)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}
