package request

import (
	"encoding/json"

	"github.com/meta-deployer/meta-deployer/internal/strictjson"
)

// dashboardKey is what a CloudWatch dashboard adds to everything that it calls a function with.
const dashboardKey = "widgetContext"

// FromDashboard is what a CloudWatch dashboard called with: the request, without what the dashboard added to it, and what it
// added; nil where it added nothing. A request that is no JSON object, is too large or has a key twice stays as it is, for Parse
// to refuse.
func FromDashboard(raw []byte) (request []byte, context json.RawMessage) {
	if len(raw) > MaxBytes {
		return raw, nil
	}
	keys, err := strictjson.Object(raw)
	if err != nil || keys[dashboardKey] == nil {
		return raw, nil
	}
	context = keys[dashboardKey]
	delete(keys, dashboardKey)
	return encode(keys), context
}
