package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"

	"github.com/meta-deployer/meta-deployer/internal/version"
)

// component is one of the things that are linked, as CycloneDX has it.
type component struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl,omitempty"`
	// Properties has Go's own digest of a module, which CycloneDX has no algorithm for.
	Properties []map[string]string `json:"properties,omitempty"`
}

// bill is the list of what is linked into the programs, in the form of CycloneDX 1.6.
func bill(programs []string) ([]byte, error) {
	modules := map[string]*debug.Module{}
	toolchain := ""
	for _, path := range programs {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return nil, err
		}
		toolchain = info.GoVersion
		for _, m := range info.Deps {
			modules[m.Path] = m
		}
	}
	components := []component{{Type: "platform", Name: "go", Version: toolchain}}
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		m := modules[name]
		components = append(components, component{
			Type: "library", Name: m.Path, Version: m.Version, PURL: fmt.Sprintf("pkg:golang/%s@%s", m.Path, m.Version),
			Properties: []map[string]string{{"name": "go.sum", "value": m.Sum}},
		})
	}
	text, err := json.MarshalIndent(map[string]any{
		"bomFormat":   "CycloneDX",
		"specVersion": "1.6",
		"version":     1,
		"metadata":    map[string]any{"component": component{Type: "application", Name: "meta-deployer", Version: version.Number}},
		"components":  components,
	}, "", "  ")
	return append(text, '\n'), err
}
