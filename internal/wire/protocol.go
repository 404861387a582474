package wire

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// protocol is one of the wire formats.
type protocol interface {
	// decode reads a request's body; nil where there is none, or none of this format.
	decode(raw []byte) any
	write(w http.ResponseWriter, operation string, a Answer)
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

func (restJSON) write(w http.ResponseWriter, _ string, a Answer) {
	if a.Code != "" {
		w.Header().Set("X-Amzn-Errortype", a.Code)
		a.Body = map[string]any{"Type": "User", "Message": a.Message}
	}
	send(w, a, "application/json", toJSON(a.Body))
}

// jsonRPC is AWS CodeDeploy's and AWS CodePipeline's in version 1.1, AWS Step Functions' in 1.0, and one of Amazon CloudWatch's in
// 1.0: an error's name is in the body.
type jsonRPC struct{ version string }

func (jsonRPC) decode(raw []byte) any { return fromJSON(raw) }

func (p jsonRPC) write(w http.ResponseWriter, operation string, a Answer) {
	if a.Code != "" {
		nameForQuery(w, operation, a)
		a.Body = map[string]any{"__type": a.Code, "message": a.Message}
	}
	if a.Body == nil {
		a.Body = map[string]any{}
	}
	send(w, a, "application/x-amz-json-"+p.version, toJSON(a.Body))
}

// nameForQuery repeats an error's name for clients that know it from the query protocol, as CloudWatch does.
func nameForQuery(w http.ResponseWriter, operation string, a Answer) {
	if strings.HasPrefix(operation, "cloudwatch:") {
		w.Header().Set("X-Amzn-Query-Error", a.Code+";"+fault(a))
	}
}

// fault is whose fault an error is.
func fault(a Answer) string {
	if a.Status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
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
