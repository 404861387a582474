package loop

import (
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// handOff is what the deployer may give to the stack's long engine of a request.
func (d Deployer) handOff(r request.Request, raw []byte) rollout.HandOff {
	h := rollout.HandOff{Always: r.HandOff == request.HandOffAlways}
	if d.Long == nil {
		h.Unfit = "the stack's LongEngine is none: set it to workflow"
		return h
	}
	h.Engine, h.Longest = d.Long.Kind, d.Long.Longest
	switch input, err := request.HandedOver(raw, r.Plan.NewVersion, ""); {
	case r.HandOff == request.HandOffFalse:
		h.Unfit = "hand-off is false in the request: leave it out"
	case r.HandOff == request.HandOffByStack && !d.HandOff:
		h.Unfit = `the stack's HandOff is false: set it to true, or send "hand-off": true`
	case err != nil || len(input) > request.MaxLongBytes-longestID:
		h.Unfit = "the request is longer than a long engine takes: give it at most 100 KB"
	}
	return h
}

// longestID is more than a rollout's id and a candidate's version add to a request.
const longestID = 200
