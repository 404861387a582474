package main

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/version"
)

const root = "../../../"

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(root + path)
	require.NoError(t, err)
	return string(raw)
}

// The version is said once, and everywhere the same.
func TestVersion(t *testing.T) {
	assert.Regexp(t, `^\d+\.\d+\.\d+$`, version.Number)
	_, newest, _ := strings.Cut(read(t, "CHANGELOG.md"), "\n## ")
	assert.True(t, strings.HasPrefix(newest, version.Number+"\n"), "CHANGELOG.md begins with %.20s", newest)
	assert.Contains(t, read(t, "template.yaml"), "\n    SemanticVersion: "+version.Number+"\n")
}

func TestEveryFunctionGetsItsZip(t *testing.T) {
	template, err := packaged([]byte(read(t, "template.yaml")), "x86_64")
	require.NoError(t, err)
	functions, err := os.ReadDir(root + "functions")
	require.NoError(t, err)
	for _, f := range functions {
		name := strings.ToUpper(f.Name()[:1]) + f.Name()[1:]
		_, after, found := strings.Cut(string(template), "\n  "+name+"Function:\n")
		require.True(t, found, name)
		own, _, _ := strings.Cut(after, "FunctionName:")
		assert.Contains(t, own, "CodeUri: "+f.Name()+".zip\n", name)
	}
	assert.NotContains(t, string(template), "makefile")
	assert.Contains(t, string(template), "Default: x86_64\n    AllowedValues: [x86_64]\n")

	_, err = packaged([]byte("Resources:\n  F:\n    Type: AWS::Serverless::Function\n"), "arm64")
	assert.ErrorContains(t, err, "not laid out")
}

func TestAZipIsTheSameOnEveryDay(t *testing.T) {
	files := map[string][]byte{"bootstrap": []byte("program"), "a/LICENSE": []byte("text")}
	one, err := zipped(files)
	require.NoError(t, err)
	two, err := zipped(files)
	require.NoError(t, err)
	assert.Equal(t, one, two)

	r, err := zip.NewReader(bytes.NewReader(one), int64(len(one)))
	require.NoError(t, err)
	for name, mode := range map[string]fs.FileMode{"bootstrap": 0o755, "a/LICENSE": 0o644} {
		f, err := r.Open(name)
		require.NoError(t, err)
		info, err := f.Stat()
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode(), name)
		assert.Equal(t, time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), info.ModTime().UTC(), name)
		text, err := io.ReadAll(f)
		require.NoError(t, err)
		assert.Equal(t, string(files[name]), string(text))
	}
}

func TestUsage(t *testing.T) {
	assert.Equal(t, 2, run(nil, io.Discard))
	assert.Equal(t, 2, run([]string{"amd64"}, io.Discard))
	t.Chdir(t.TempDir())
	var said bytes.Buffer
	assert.Equal(t, 1, run([]string{"arm64"}, &said))
}
