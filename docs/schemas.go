// Package docs has the schemas that stand beside the documents, for programs that print them.
package docs

import _ "embed"

// The schemas, each JSON Schema 2020-12: of the request, of the answer, and of an event's detail.
var (
	//go:embed request.schema.json
	RequestSchema []byte
	//go:embed answer.schema.json
	AnswerSchema []byte
	//go:embed event.schema.json
	EventSchema []byte
)
