package sim

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Code is what Lambda says of the code of a version.
type Code struct {
	// SHA256 tells one code from another, and Revision one state of the version from another.
	SHA256, Revision string
	Modified         time.Time
}

// Change is UpdateFunctionCode or UpdateFunctionConfiguration, whatever it changes: the next version is another one.
func (c Control) Change(ctx context.Context, function string) error {
	return c.world.call(ctx, "UpdateFunctionCode", func() error {
		f, err := c.world.function(function)
		if err == nil {
			f.changes++
		}
		return err
	})
}

// Functions is ListFunctions, by name.
func (c Control) Functions(ctx context.Context) (names []string, err error) {
	err = c.world.call(ctx, "ListFunctions", func() error {
		names = slices.Sorted(maps.Keys(c.world.functions))
		return nil
	})
	return names, err
}

// Code is that of a version; "" is the unpublished one. What is not there has none.
func (c Control) Code(function, version string) Code {
	f := c.world.functions[function]
	if f == nil {
		return Code{}
	}
	is := f.code[version]
	if version == "" {
		is = code{change: f.changes}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", function, is.change))
	state := sha256.Sum256(fmt.Appendf(nil, "%s:%s %d", function, version, is.change))
	return Code{
		SHA256:   base64.StdEncoding.EncodeToString(sum[:]),
		Revision: fmt.Sprintf("%x-%x-%x-%x-%x", state[:4], state[4:6], state[6:8], state[8:10], state[10:16]),
		Modified: c.world.start.Add(is.published),
	}
}
