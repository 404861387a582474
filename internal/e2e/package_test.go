//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// packageMade copies what the package is made of to a folder of its own, and makes it there. It returns the package's folder.
func packageMade(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"functions", "internal", "statemachine"} {
		require.NoError(t, os.CopyFS(filepath.Join(folder, name), os.DirFS(filepath.Join("../..", name))))
	}
	for _, name := range []string{"go.mod", "go.sum", "Makefile", "samconfig.toml", "template.yaml", "target-account.yaml", "LICENSE", "CHANGELOG.md"} {
		raw, err := os.ReadFile(filepath.Join("../..", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), raw, 0o644))
	}
	c := exec.CommandContext(t.Context(), "make", "package", "ARCHITECTURE=arm64")
	c.Dir, c.Env = folder, append(os.Environ(), "TZ=Asia/Tokyo")
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	made, err := filepath.Glob(filepath.Join(folder, "dist/meta-deployer-*-arm64"))
	require.NoError(t, err)
	require.Len(t, made, 1)
	return made[0]
}

// The same code is the same bytes, wherever it lies; its digests are right; and SAM's own packaging takes all of it, into
// moto's S3.
func TestThePackageIsReproducibleAndSAMTakesIt(t *testing.T) {
	t.Parallel()
	one, two := packageMade(t), packageMade(t)
	for _, suffix := range []string{"/SHA256SUMS", "/sbom.cdx.json", ".zip"} {
		first, err := os.ReadFile(one + suffix)
		require.NoError(t, err)
		second, err := os.ReadFile(two + suffix)
		require.NoError(t, err)
		assert.True(t, string(first) == string(second), "%s differs", suffix)
	}
	sums := execute(t, one, "sha256sum", "--check", "--strict", "SHA256SUMS")
	assert.Zero(t, sums.status, sums.out+sums.problem)
	bill, err := os.ReadFile(one + "/sbom.cdx.json")
	require.NoError(t, err)
	assert.Contains(t, string(bill), `"purl": "pkg:golang/github.com/aws/aws-lambda-go@v`)

	url := startMoto(t)
	bucket := execute(t, one, "/usr/bin/env", "AWS_ENDPOINT_URL="+url, peer(t, ".venv-awscli2", "aws"), "s3", "mb", "s3://packages")
	require.Zero(t, bucket.status, bucket.problem)
	text := samPackages(t, one, url)
	functions, err := filepath.Glob("../../functions/*")
	require.NoError(t, err)
	assert.Len(t, regexp.MustCompile(`CodeUri: s3://packages/`).FindAllString(text, -1), len(functions))
	assert.NotContains(t, text, ".zip")
	for _, key := range []string{"LicenseUrl", "ReadmeUrl"} {
		assert.True(t, strings.Contains(text, key+": s3://packages/"), key)
	}

	nested, err := os.ReadFile("../../examples/nested/template.yaml")
	require.NoError(t, err)
	around := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(around, "meta-deployer"), os.DirFS(one)))
	require.NoError(t, os.WriteFile(filepath.Join(around, "template.yaml"), nested, 0o600))
	assert.Contains(t, samPackages(t, around, url), "Location: "+url+"/packages/")
}

// samPackages has SAM package the template of a folder into a bucket, and lints what comes of it.
func samPackages(t *testing.T, folder, url string) string {
	t.Helper()
	taken := filepath.Join(t.TempDir(), "taken.yaml")
	sam := execute(t, folder, "/usr/bin/env", "AWS_ENDPOINT_URL="+url, "SAM_CLI_TELEMETRY=0", "HOME="+t.TempDir(), peer(t, ".venv-sam", "sam"), "package",
		"--template-file", "template.yaml", "--s3-bucket", "packages", "--output-template-file", taken)
	require.Zero(t, sam.status, sam.out+sam.problem)
	lint := execute(t, folder, peer(t, ".venv-sam", "cfn-lint"), taken)
	assert.Zero(t, lint.status, lint.out)
	text, err := os.ReadFile(taken)
	require.NoError(t, err)
	return string(text)
}
