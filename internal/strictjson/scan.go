package strictjson

import (
	"encoding/json"
	"strconv"
	"strings"
)

// scan walks through valid JSON, and takes memory for the keys of the objects that it is in and for nothing else: a decoder
// makes three allocations of every number.
type scan struct {
	raw []byte
	at  int
	// path leads to where the scan is.
	path  []step
	found []string
	most  int
	more  int
}

// step leads into an object by a key, or into a list by an index.
type step struct {
	key   string
	index int
	isKey bool
}

// value goes through one value, and the space around it.
func (s *scan) value() {
	switch s.next() {
	case '{':
		s.object()
	case '[':
		s.list()
	case '"':
		s.text()
	default:
		s.skip(func(c byte) bool { return c != ',' && c != ']' && c != '}' })
	}
	s.next()
}

// object goes through an object and reports the keys that were there before.
func (s *scan) object() {
	seen := map[string]bool{}
	for s.at++; s.next() == '"'; s.comma() {
		key := s.key()
		s.path = append(s.path, step{key: key, isKey: true})
		if seen[key] {
			s.report()
		}
		seen[key] = true
		s.next()
		s.at++ // the colon
		s.value()
		s.path = s.path[:len(s.path)-1]
	}
	s.at++
}

// list goes through a list.
func (s *scan) list() {
	s.path = append(s.path, step{})
	s.at++
	for s.next() != ']' {
		s.value()
		s.comma()
		s.path[len(s.path)-1].index++
	}
	s.path = s.path[:len(s.path)-1]
	s.at++
}

// key reads a text as encoding/json does.
func (s *scan) key() string {
	raw := s.text()
	plain := true
	for _, c := range raw {
		plain = plain && c != '\\' && c < 0x80
	}
	if plain {
		return string(raw[1 : len(raw)-1])
	}
	var key string
	_ = json.Unmarshal(raw, &key)
	return key
}

// text goes through a text: it is that with its quotes.
func (s *scan) text() []byte {
	start := s.at
	for s.at++; s.raw[s.at] != '"'; s.at++ {
		if s.raw[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
	return s.raw[start:s.at]
}

// next skips space: it is the character behind it, 0 at the end.
func (s *scan) next() byte {
	s.skip(func(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' })
	if s.at >= len(s.raw) {
		return 0
	}
	return s.raw[s.at]
}

// comma skips the comma behind an element, if there is one.
func (s *scan) comma() {
	if s.next() == ',' {
		s.at++
	}
}

// skip goes on over characters of a kind.
func (s *scan) skip(over func(byte) bool) {
	for s.at < len(s.raw) && over(s.raw[s.at]) {
		s.at++
	}
}

// report notes that the path leads to a key which was there before.
func (s *scan) report() {
	if len(s.found) == s.most {
		s.more++
		return
	}
	var path strings.Builder
	for _, p := range s.path {
		if p.isKey {
			path.WriteString("." + p.key)
		} else {
			path.WriteString("[" + strconv.Itoa(p.index) + "]")
		}
	}
	s.found = append(s.found, strings.TrimPrefix(path.String(), "."))
}
