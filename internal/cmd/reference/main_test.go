package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheReferenceIsCurrent(t *testing.T) {
	t.Chdir("../../..")
	var said bytes.Buffer
	assert.Zero(t, run([]string{"-check"}, &said), said.String())
}

// A document that somebody has changed by hand is told, and written again.
func TestWhatIsNotCurrentIsTold(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "docs/reference"), 0o755))
	for _, name := range []string{"template.yaml", "target-account.yaml", "docs/reference/request.md"} {
		raw, err := os.ReadFile(filepath.Join("../../..", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), raw, 0o600))
	}
	t.Chdir(folder)
	var said bytes.Buffer
	assert.Equal(t, 1, run([]string{"-check"}, &said))
	assert.Contains(t, said.String(), "docs/request.schema.json is not current")
	assert.Zero(t, run(nil, io.Discard))
	assert.Zero(t, run([]string{"-check"}, io.Discard))

	page, err := os.ReadFile("docs/reference/request.md")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("docs/reference/request.md", bytes.Replace(page, []byte("1,000"), []byte("1,001"), 1), 0o600))
	assert.Equal(t, 1, run([]string{"-check"}, io.Discard))
	require.NoError(t, os.WriteFile("docs/reference/request.md", []byte("# The request\n"), 0o600))
	said.Reset()
	assert.Equal(t, 1, run(nil, &said))
	assert.Contains(t, said.String(), "has no place for the keys of")
}

func TestUsage(t *testing.T) {
	assert.Equal(t, 2, run([]string{"more"}, io.Discard))
	t.Chdir(t.TempDir())
	assert.Equal(t, 1, run(nil, io.Discard), "there is no template")
}
