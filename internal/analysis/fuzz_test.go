package analysis

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// FuzzAssess judges evidence of any numbers, all of which a watchful health check needs. Whatever they are, there is a verdict
// that can be written down, and what cannot be read is never healthy.
func FuzzAssess(f *testing.F) {
	for seed := range uint64(500) {
		random, raw := rand.New(rand.NewPCG(seed, 0)), make([]byte, 1500)
		for i := range raw {
			raw[i] = byte(random.UintN(256))
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := dice{rest: raw}
		h, e := d.evidence()
		a := Assess(h, e)
		written, err := json.Marshal(a)
		if err != nil {
			t.Fatalf("%v: %+v", err, a)
		}
		if a.Verdict < Pass || a.Verdict > Fail || a.Reason == "" {
			t.Fatalf("%s is no verdict", written)
		}
		unreadable := hasUnreadable(h, e)
		if a.Verdict == Pass && unreadable {
			t.Fatalf("what cannot be read is healthy: %s of %+v", written, e)
		}
		if a.NoData && unreadable {
			t.Fatalf("what cannot be read is want of data: %s of %+v", written, e)
		}
		if !unreadable && (bytes.Contains(written, []byte("NaN")) || bytes.Contains(written, []byte("Inf"))) {
			t.Fatalf("%s of what can be read", written)
		}
		if again := Assess(h, e); again.Verdict != a.Verdict || again.Reason != a.Reason {
			t.Fatalf("%s, and %s again", a.Reason, again.Reason)
		}
	})
}

// dice are the bytes that evidence is made of; behind their end they are zero. wild ones make numbers that are none.
type dice struct {
	rest []byte
	wild bool
}

func (d *dice) byte() byte {
	if len(d.rest) == 0 {
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

// number is mostly a plausible one, now and then an extreme one and, of wild dice, sometimes any.
func (d *dice) number() float64 {
	extreme := []float64{0, 5e-324, 1e-300, 0.5, 1e12}
	none := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, math.Copysign(0, -1), -5e-324, 1e12 + 1, 1e300, math.MaxFloat64, -math.MaxFloat64}
	switch b := d.byte(); {
	case d.wild && b == 255:
		var bits [8]byte
		for i := range bits {
			bits[i] = d.byte()
		}
		return math.Float64frombits(binary.LittleEndian.Uint64(bits[:]))
	case d.wild && b >= 252:
		return none[int(d.byte())%len(none)]
	case b >= 248:
		return extreme[int(d.byte())%len(extreme)]
	case b >= 128:
		return float64(b) * float64(d.byte())
	default:
		return float64(b) / 4
	}
}

// few is a number that mostly is none.
func (d *dice) few() float64 {
	if d.byte() < 240 {
		return 0
	}
	return d.number()
}

func (d *dice) counts() Counts { return Counts{d.number(), d.few()} }

func (d *dice) history() []Counts {
	var history []Counts
	for range d.byte() % 12 {
		history = append(history, d.counts())
	}
	return history
}

func (d *dice) took() (took Durations) {
	took.Samples = d.number()
	for i := range took.Slow {
		took.Slow[i] = d.few()
	}
	return took
}

// moment is one near the start.
func (d *dice) moment() time.Time { return start.Add(time.Duration(d.byte()) * 7 * time.Second) }

// evidence is some of what one look may find, and a health check that needs all of its numbers.
func (d *dice) evidence() (Health, Measurements) {
	d.wild = d.byte()%2 == 1
	most, least := 1e5, -1.0
	if d.byte()%4 == 0 {
		most, least = d.number(), d.number()
	}
	h := watchful()
	h.FalseAlarmRate, h.MaxFailed = []float64{0, 0.01, 0.5, 1e-300}[d.byte()%4], 1+float64(d.byte())
	h.Metrics = []Metric{{ID: "orders", Stat: []string{"Sum", "SampleCount", "Average", "Minimum", "Maximum"}[d.byte()%5]}}
	if isFinite(most) && isFinite(least) {
		h.Metrics[0].Max, h.Metrics[0].Min = &most, &least
	}
	e := Measurements{
		Now: d.moment(), Start: start, FirstShift: start, StepSince: d.moment(), JudgedAlone: d.byte()%2 == 0, NoBounds: d.byte()%8 > 0, History: d.history(),
		Thresholds: []Threshold{{"p90", d.number(), d.history()}, {"p99", d.number(), d.history()}},
		Probes:     []ProbeResult{{Name: "ping", Took: time.Duration(math.MaxInt64)}},
		Reading:    Reading{Share: d.number(), Before: d.number(), Shifted: d.moment()},
	}
	if d.byte()%2 == 0 {
		e.Reading.Alone = d.moment()
	}
	for i := range d.byte() % 8 {
		m := Minute{
			Start: start.Add(time.Duration(i) * time.Minute), New: d.counts(), Old: d.counts(), Alias: d.counts(), NewTook: d.took(), OldTook: d.took(), AliasTook: d.took(),
			Throttles: d.few(), Values: map[string][]float64{"orders": nil},
		}
		for range d.byte() % 3 {
			m.Values["orders"] = append(m.Values["orders"], d.number())
		}
		e.Reading.Minutes = append(e.Reading.Minutes, m)
	}
	return h, e
}

// hasUnreadable says that some number of the evidence cannot be one of what it counts.
func hasUnreadable(h Health, e Measurements) bool {
	for _, number := range numbers(&e) {
		if !(*number >= 0 && *number <= 1e12) {
			return true
		}
	}
	return slices.ContainsFunc(e.Reading.Minutes, func(m Minute) bool {
		return slices.ContainsFunc(m.Values["orders"], func(x float64) bool {
			return math.IsNaN(x) || math.IsInf(x, 0) || h.Metrics[0].Stat == "SampleCount" && x < 0
		})
	})
}
