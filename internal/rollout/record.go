package rollout

import (
	"fmt"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/lazyregexp"
)

// RollbackRecord is the line that a rollback leaves on the alias: which rollout went back and why, whose it was, and which
// versions are known to be bad.
//
//	owner's text [meta-deployer 7>8 rolled back by 3f2c81d2-9a1c07d3e4f5 bad 8 id 20261121-164454123-3f9a: errors: 5 of 120 …]
type RollbackRecord struct {
	// ID is the rollout's, and Driver the token of who ran it, whoever sent it back; "" where an older version wrote the line.
	ID, Driver string
	Old, New   string
	// Bad are the versions known to be bad, the oldest first.
	Bad []string
	Why string
}

var rollbackPattern = lazyregexp.New(`(?s)^(.*)\[meta-deployer ` + versionsPattern + ` rolled back(?: by (\S+))?` + badPattern + ` id ` + idPattern + `: ([^\[\]]*)\]$`)

// encode shortens why to the room that the owner's text leaves. A few words of it are worth more than the fourth last
// bad version, the last three bad versions more than any of it, the driver more than those.
func (r RollbackRecord) encode(owner string) (string, bool) {
	const fewWords = 24
	why := FirstLine(strings.NewReplacer("[", "(", "]", ")").Replace(r.Why), maxDescription)
	for bad := r.Bad; ; bad = bad[1:] {
		room := maxDescription - length(behind(owner, r.text(bad, "")))
		if room >= min(length(why), fewWords) || room >= 0 && len(bad) <= keptBad {
			return behind(owner, r.text(bad, cut(why, room))), true
		}
		if len(bad) == 0 {
			break
		}
	}
	if r.Driver == "" {
		return "", false
	}
	r.Driver, r.Bad = "", nil
	return r.encode(owner)
}

// text is the record's line.
func (r RollbackRecord) text(bad []string, why string) string {
	by := ""
	if r.Driver != "" {
		by = " by " + r.Driver
	}
	return fmt.Sprintf("[meta-deployer %s>%s rolled back%s%s id %s: %s]", r.Old, r.New, by, badText(bad), r.ID, why)
}

func badText(bad []string) string {
	if len(bad) == 0 {
		return ""
	}
	return " bad " + strings.Join(bad, ",")
}

func splitVersions(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
