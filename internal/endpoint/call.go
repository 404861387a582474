package endpoint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// call is one request, and of a Lambda call the function that it is about.
type call struct {
	wire.Call
	function string
	// qualifier is the version or alias behind the function's name or beside it; "" for none.
	qualifier string
}

// parse reads which function a call names, as a name, a partial or a full ARN.
func parse(from wire.Call) (call, error) {
	c := call{Call: from}
	if !strings.HasPrefix(from.Operation, "lambda:") {
		return c, nil
	}
	parts, home := strings.Split(from.Label(0), ":"), sim.Home()
	if parts[0] == "arn" && len(parts) > 5 && parts[3] != home.Region {
		return c, &sim.Error{Code: "ResourceNotFoundException", Message: fmt.Sprintf(
			"Functions from '%s' are not reachable in this region ('%s')", parts[3], home.Region)}
	}
	if i := slices.Index(parts, "function"); i >= 0 && i+1 < len(parts) {
		parts = parts[i+1:]
	}
	c.function, c.qualifier = parts[0], from.Query.Get("Qualifier")
	if len(parts) == 1 {
		return c, nil
	}
	if c.qualifier != "" && c.qualifier != parts[1] {
		return c, &sim.Error{
			Code: "InvalidParameterValueException", Message: "The derived qualifier from the function name does not match the specified qualifier.",
		}
	}
	c.qualifier = parts[1]
	return c, nil
}

// read reads the body into a struct with the names of the API.
func (c call) read(body any) error {
	if err := c.Into(body); err != nil {
		return &sim.Error{Code: "SerializationException", Message: err.Error()}
	}
	return nil
}

// caller is the access key that the call is signed with.
func (c call) caller() string {
	_, credential, _ := strings.Cut(c.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(credential, "/")
	return key
}
