package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// TestAMemoChangesNoVerdict looks at rollouts whose minutes grow, change and are taken back, with a Memo that is kept, lost or
// another rollout's.
func TestAMemoChangesNoVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		memo := new(Memo)
		e := Measurements{History: steady(600, 1)[:rapid.SampledFrom([]int{0, 40}).Draw(t, "history")], Reading: Reading{Share: 0.5}, NoBounds: true}
		for range rapid.IntRange(1, 12).Draw(t, "looks") {
			switch rapid.SampledFrom([]string{"grow", "next", "next", "next", "change", "less", "another"}).Draw(t, "what") {
			case "grow":
				if last := len(e.Reading.Minutes) - 1; last >= 0 {
					e.Reading.Minutes[last].New = e.Reading.Minutes[last].New.Plus(Counts{10, 1})
				}
			case "change":
				if len(e.Reading.Minutes) > 0 {
					e.Reading.Minutes[0].Old.Errors++
				}
			case "less":
				e.Reading.Minutes = e.Reading.Minutes[:len(e.Reading.Minutes)/2]
			case "another":
				e.History = append(steady(600, 2)[:30], e.History...)
			default:
				at := start.Add(time.Duration(len(e.Reading.Minutes)) * time.Minute)
				e.Reading.Minutes = append(e.Reading.Minutes, Minute{Start: at, New: Counts{60, float64(rapid.IntRange(0, 3).Draw(t, "failed"))}, Old: Counts{540, 2}})
			}
			e.Memo = nil
			alone := Assess(Health{}, e)
			e.Memo = memo
			assert.Equal(t, alone, Assess(Health{}, e))
		}
	})
}

// aRollout is ten steps of ten minutes at some traffic, after so many minutes.
func aRollout(minutes int) Measurements {
	e := Measurements{History: hours(180, 600, 1, 0, 3, 0, 0, 2), Reading: Reading{Share: 0.1}, NoBounds: true}
	for i := range minutes {
		weight := float64(i/10+1) / 10
		e.Reading.Minutes = append(e.Reading.Minutes, Minute{
			Start: start.Add(time.Duration(i) * time.Minute),
			New:   Counts{600 * weight, float64(i % 2)}, Old: Counts{600 * (1 - weight), float64(i % 3)},
		})
	}
	return e
}

func BenchmarkTheFirstLook(b *testing.B) {
	e := aRollout(2)
	b.ReportAllocs()
	for b.Loop() {
		e.Memo = new(Memo)
		Assess(Health{}, e)
	}
}

// BenchmarkAWaitingLook is one at the end of a rollout of ten steps of ten minutes, while its last minute grows.
func BenchmarkAWaitingLook(b *testing.B) {
	e := aRollout(100)
	e.Memo = new(Memo)
	Assess(Health{}, e)
	last := &e.Reading.Minutes[99].New
	b.ReportAllocs()
	for b.Loop() {
		last.Invocations++
		Assess(Health{}, e)
	}
}

// BenchmarkALookWithoutAMemo is the first one of a driver that finds a rollout of ten steps of ten minutes near its end.
func BenchmarkALookWithoutAMemo(b *testing.B) {
	e := aRollout(100)
	for b.Loop() {
		Assess(Health{}, e)
	}
}
