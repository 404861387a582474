package main

import (
	"fmt"
	"strconv"
	"strings"
)

// percent writes a share with two significant digits: "0.37 %".
func percent(x float64) string {
	digits := 2
	for scale := 0.1; digits > 0 && 100*x >= scale*9.95; scale *= 10 {
		digits--
	}
	text := strconv.FormatFloat(100*x, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + " %"
}

// rate writes a share with its standard error.
func rate(s share) string {
	return fmt.Sprintf("%.2f ± %.2f %%", 100*s.rate(), 100*s.deviation())
}
