package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// What is written in the last moment of a call nobody could read any more: it is left to the next call.
func TestNothingIsWrittenInTheLastMomentOfACall(t *testing.T) {
	for left, writes := range map[time.Duration]bool{
		time.Millisecond: false, lastRead - time.Millisecond: false, lastRead: true, time.Minute: true,
	} {
		s := atStep3().seen()
		s.snapshot.Assessment = pass
		s.snapshot.Now = s.journal.Since.Add(time.Hour)
		s.deadline.Process = s.snapshot.Now.Add(left)
		s.deadline.Rollout = s.snapshot.Now.Add(time.Hour)
		action := first(s.decide())
		if writes {
			assert.IsType(t, Write{}, action, left)
		} else {
			assert.Equal(t, Wait{Until: s.deadline.Process}, action, left)
		}
	}
}
