package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A mutant whose line has changed shows nothing any more; to plant all of them takes an hour, and to see that takes none.
func TestEveryMutantCanBePlanted(t *testing.T) {
	t.Chdir("../../..")
	for _, m := range mutants() {
		source, err := os.ReadFile(m.file)
		require.NoError(t, err, m.name)
		_, problem := m.change(string(source))
		assert.Empty(t, problem, m.name)
	}
}
