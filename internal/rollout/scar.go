package rollout

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// Scar is the line that a rollback leaves on the alias: which rollout went back and why, and which versions are known
// to be bad.
//
//	owner's text [meta-deployer 7>8 rolled back bad 8 id 20261121-164454123-3f9a: errors: 5 of 120 invocations …]
type Scar struct {
	ID       string
	Old, New string
	Bad      []string
	Why      string
}

var scarPattern = lazily(`(?s)^(.*)\[meta-deployer ` + versionsPattern + ` rolled back` + badPattern + ` id ` + idPattern + `: ([^\[\]]*)\]$`)

// encode shortens why to the room that the owner's text leaves. A few words of it are worth more than the fourth last
// bad version, the last three bad versions more than any of it.
func (s Scar) encode(owner string) (string, bool) {
	const fewWords = 24
	why := strings.NewReplacer("[", "(", "]", ")", "\n", " ").Replace(s.Why)
	for bad := s.Bad; ; bad = bad[1:] {
		room := maxDescription - length(behind(owner, s.text(bad, "")))
		if room >= min(length(why), fewWords) || room >= 0 && len(bad) <= keptBad {
			return behind(owner, s.text(bad, truncate(why, room))), true
		}
		if len(bad) == 0 {
			return "", false
		}
	}
}

// text is the scar's line.
func (s Scar) text(bad []string, why string) string {
	return fmt.Sprintf("[meta-deployer %s>%s rolled back%s id %s: %s]", s.Old, s.New, badText(bad), s.ID, why)
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

// truncate cuts a text to at most so many characters.
func truncate(text string, room int) string {
	for i, r := range text {
		if room -= utf16.RuneLen(r); room < 0 {
			return text[:i]
		}
	}
	return text
}

// length counts a text as cautiously as Lambda may, see maxDescription.
func length(text string) int {
	n := 0
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}
