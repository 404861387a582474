package benchmarks

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestASectionIsReplacedAndOthersStay(t *testing.T) {
	first := Replace("# Benchmarks\n", "ours", "one")
	assert.Equal(t, "# Benchmarks\n\n<!-- ours -->\n\none\n\n<!-- /ours -->\n", first)
	both := Replace(first, "theirs", "two")
	assert.Equal(t, "# Benchmarks\n\n<!-- ours -->\n\nnew\n\n<!-- /ours -->\n\n<!-- theirs -->\n\ntwo\n\n<!-- /theirs -->\n", Replace(both, "ours", "new"))
}

func TestTable(t *testing.T) {
	table := Table{Header: []string{"a", "b"}}
	table.Add("1", Yes(false))
	assert.Equal(t, "| a | b |\n|---|---|\n| 1 | **no** |", table.String())
}
