package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Number is a number of a body: a number, or in query its text.
type Number float64

// UnmarshalJSON reads both.
func (n *Number) UnmarshalJSON(raw []byte) error {
	value, err := strconv.ParseFloat(unquoted(raw), 64)
	if err != nil {
		return fmt.Errorf("%s is not a number", raw)
	}
	*n = Number(value)
	return nil
}

// Time is a time of a body: seconds since 1970, or in query RFC 3339.
type Time struct{ time.Time }

// UnmarshalJSON reads both.
func (t *Time) UnmarshalJSON(raw []byte) error {
	text := unquoted(raw)
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		t.Time = at.UTC()
		return nil
	}
	at, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%s is not a time", raw)
	}
	t.Time = time.UnixMilli(int64(at * 1000)).UTC()
	return nil
}

// unquoted is a JSON text's text; anything else as it is.
func unquoted(raw []byte) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}
