package wiretest

import (
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// protocol is one of the wire formats.
type protocol interface {
	// decode reads a request's body; nil where there is none, or none of this format.
	decode(raw []byte) any
	write(w http.ResponseWriter, a Answer)
}

// send writes an answer's head and its encoded body.
func send(w http.ResponseWriter, a Answer, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Amzn-Requestid", "00000000-0000-4000-8000-000000000000")
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	if a.Status != 0 {
		w.WriteHeader(a.Status)
	}
	_, _ = w.Write(body)
}

// restJSON is AWS Lambda's: an error's name is in a header.
type restJSON struct{}

func (restJSON) decode(raw []byte) any { return fromJSON(raw) }

func (restJSON) write(w http.ResponseWriter, a Answer) {
	if a.Code != "" {
		w.Header().Set("X-Amzn-Errortype", a.Code)
		a.Body = map[string]any{"Type": "User", "Message": a.Message}
	}
	send(w, a, "application/json", toJSON(a.Body))
}

// jsonRPC is AWS CodeDeploy's: an error's name is in the body.
type jsonRPC struct{}

func (jsonRPC) decode(raw []byte) any { return fromJSON(raw) }

func (jsonRPC) write(w http.ResponseWriter, a Answer) {
	if a.Code != "" {
		a.Body = map[string]any{"__type": a.Code, "message": a.Message}
	}
	send(w, a, "application/x-amz-json-1.1", toJSON(a.Body))
}

func fromJSON(raw []byte) any {
	var body any
	if json.Unmarshal(raw, &body) != nil {
		return nil
	}
	return body
}

// toJSON writes times as seconds since 1970, as AWS does.
func toJSON(body any) []byte {
	if raw, ok := body.([]byte); ok {
		return raw
	}
	if body == nil {
		return nil
	}
	raw, err := json.Marshal(convert(body, func(t time.Time) any { return seconds(t) }))
	if err != nil {
		panic(err)
	}
	return raw
}

// cborRPC is Amazon CloudWatch's.
type cborRPC struct{}

func (cborRPC) decode(raw []byte) any {
	value, err := cbor.Decode(raw)
	if err != nil {
		return nil
	}
	return fromCBOR(value)
}

func (cborRPC) write(w http.ResponseWriter, a Answer) {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	if a.Code != "" { // the shapes of errors differ in how they spell it
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
		return cbor.Float64(v)
	case time.Time:
		return &cbor.Tag{ID: 1, Value: cbor.Float64(seconds(v))}
	}
	return &cbor.Nil{}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// convert turns any map, slice and number into map[string]any, []any and float64, and times into what time gives.
func convert(value any, at func(time.Time) any) any {
	if t, ok := value.(time.Time); ok {
		return at(t)
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Map:
		m := map[string]any{}
		for _, key := range v.MapKeys() {
			m[key.String()] = convert(v.MapIndex(key).Interface(), at)
		}
		return m
	case reflect.Slice:
		list := []any{}
		for i := range v.Len() {
			list = append(list, convert(v.Index(i).Interface(), at))
		}
		return list
	case reflect.String:
		return v.String()
	case reflect.Int, reflect.Int32, reflect.Int64:
		return float64(v.Int())
	case reflect.Float64:
		return v.Float()
	default:
		return value
	}
}
