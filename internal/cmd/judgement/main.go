// Command judgement measures how well rules for rolling back judge new versions: in simulated worlds, the same for all
// of them. It writes what it found into docs/benchmarks.md, with pictures beside it.
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	begin := time.Now()
	cells := simulate(worlds(), rules(), 1, effort{30, 6})
	fmt.Println(len(cells), time.Since(begin))
	for k, r := range rules() {
		var f share
		all, n := 0.0, 0
		g, gn := 0.0, 0
		for _, c := range cells {
			if c.world.kind.broken != "" {
				continue
			}
			if c.world.harmless() {
				if c.world.rate > 0 {
					f = f.plus(c.tallies[k].ended)
				}
				continue
			}
			if x, ok := c.relative(k); ok {
				all += x
				n++
				if c.world.defect.gross() {
					g += x
					gn++
				}
			}
		}
		fmt.Fprintf(os.Stdout, "%-30s %6.2f %6.3f %6.3f\n", r.name, f.rate()*100, all/float64(n), g/float64(gn))
	}
}

func percent(x float64) string { return fmt.Sprintf("%.2g %%", x*100) }
