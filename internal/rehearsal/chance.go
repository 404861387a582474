package rehearsal

import (
	"fmt"
	"math"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// ByChance says how many of the rollouts of the old version against itself may go back by chance under a plan: more mean that
// its health check is wrong for the function.
func ByChance(p rollout.Plan, rollouts int) string {
	if p.Health.Off || p.Health.Errors != analysis.ErrorsCompare {
		return "each of them is a rollback for nothing"
	}
	rate := p.Health.FalseAlarmRate
	if rate == 0 {
		rate = analysis.DefaultParams().Alpha
	}
	return fmt.Sprintf("up to %d may by chance, more mean that this health check is wrong for this function", MostByChance(rollouts, rate))
}

// MostByChance is how many of so many rollouts go back by chance at the most, where each does with a probability of rate: more
// than that is chance in less than one of a hundred rehearsals.
func MostByChance(rollouts int, rate float64) int {
	const surprise = 0.01
	if rollouts <= 0 || rate <= 0 {
		return 0
	}
	if rate >= 1 {
		return rollouts
	}
	n, beyond := float64(rollouts), 1.0
	for k := range rollouts {
		choose, _ := math.Lgamma(n + 1)
		chosen, _ := math.Lgamma(float64(k) + 1)
		rest, _ := math.Lgamma(n - float64(k) + 1)
		beyond -= math.Exp(choose - chosen - rest + float64(k)*math.Log(rate) + (n-float64(k))*math.Log1p(-rate))
		if beyond < surprise {
			return k
		}
	}
	return rollouts
}
