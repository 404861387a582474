package main

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheReferenceIsCurrent(t *testing.T) {
	t.Chdir("../../..")
	var said bytes.Buffer
	assert.Zero(t, run([]string{"-check"}, &said), said.String())
}

func TestUsage(t *testing.T) {
	assert.Equal(t, 2, run([]string{"more"}, io.Discard))
	t.Chdir(t.TempDir())
	assert.Equal(t, 1, run(nil, io.Discard), "there is no template")
}
