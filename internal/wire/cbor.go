package wire

import (
	"math"
	"net/http"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// cborRPC is Amazon CloudWatch's.
type cborRPC struct{}

func (cborRPC) decode(raw []byte) any {
	value, err := cbor.Decode(raw)
	if err != nil {
		return nil
	}
	return fromCBOR(value)
}

func (cborRPC) write(w http.ResponseWriter, operation string, a Answer) {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	if a.Code != "" { // the shapes of errors differ in how they spell it
		nameForQuery(w, operation, a)
		a.Body = map[string]any{"__type": a.Code, "message": a.Message, "Message": a.Message}
	}
	body, ok := a.Body.([]byte)
	if !ok {
		if a.Body == nil {
			a.Body = map[string]any{}
		}
		body = cbor.Encode(toCBOR(convert(a.Body, func(t time.Time) any { return t })))
	}
	send(w, a, "application/cbor", body)
}

func fromCBOR(value cbor.Value) any {
	switch v := value.(type) {
	case cbor.Map:
		m := map[string]any{}
		for key, item := range v {
			m[key] = fromCBOR(item)
		}
		return m
	case cbor.List:
		list := []any{}
		for _, item := range v {
			list = append(list, fromCBOR(item))
		}
		return list
	case cbor.String:
		return string(v)
	case cbor.Bool:
		return bool(v)
	case cbor.Uint:
		return float64(v)
	case cbor.NegInt:
		return -float64(v)
	case cbor.Float32:
		return float64(v)
	case cbor.Float64:
		return float64(v)
	case *cbor.Tag:
		if at, ok := fromCBOR(v.Value).(float64); ok && v.ID == 1 {
			return time.UnixMilli(int64(at * 1000)).UTC()
		}
	}
	return nil
}

// toCBOR encodes what convert gives; a timestamp is tag 1.
func toCBOR(value any) cbor.Value {
	switch v := value.(type) {
	case map[string]any:
		m := cbor.Map{}
		for key, item := range v {
			m[key] = toCBOR(item)
		}
		return m
	case []any:
		list := cbor.List{}
		for _, item := range v {
			list = append(list, toCBOR(item))
		}
		return list
	case string:
		return cbor.String(v)
	case bool:
		return cbor.Bool(v)
	case float64:
		switch whole := v == math.Trunc(v) && math.Abs(v) < 1<<53; {
		case whole && v >= 0:
			return cbor.Uint(v)
		case whole:
			return cbor.NegInt(-v)
		}
		return cbor.Float64(v)
	case time.Time:
		return &cbor.Tag{ID: 1, Value: cbor.Float64(seconds(v))}
	}
	return &cbor.Nil{}
}
