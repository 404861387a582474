package request

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/meta-deployer/meta-deployer/internal/printable"
)

// Redacted is a request for a log, printable: the external id, and what the probes send and expect, stand as a size and a digest.
// It is for requests that Parse has accepted; of anything else only size and digest are told.
func Redacted(raw []byte) json.RawMessage {
	var r, health map[string]json.RawMessage
	if json.Unmarshal(raw, &r) != nil {
		return digest(raw)
	}
	if id, ok := r["external-id"]; ok {
		r["external-id"] = digest(id)
	}
	if json.Unmarshal(r["health-check"], &health) == nil && health["probes"] != nil {
		var probes []map[string]json.RawMessage
		if json.Unmarshal(health["probes"], &probes) != nil {
			return digest(raw)
		}
		for _, probe := range probes {
			for _, key := range []string{payloadKey, "expect"} {
				if value, ok := probe[key]; ok {
					probe[key] = digest(value)
				}
			}
		}
		health["probes"] = encode(probes)
		r["health-check"] = encode(health)
	}
	return json.RawMessage(printable.Escape(string(encode(r))))
}

// digest tells values apart without showing them.
func digest(value []byte) json.RawMessage {
	sum := sha256.Sum256(value)
	return encode(fmt.Sprintf("%d bytes, digest %x", len(value), sum[:8]))
}

// encode writes what was decoded from JSON.
func encode(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		return json.RawMessage(`"unreadable"`)
	}
	return raw
}
