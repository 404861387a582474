package sim

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math"
	"strconv"
	"time"
)

// Values are the datapoints of a series, by the beginning of their period.
type Values map[time.Time]float64

// term is a part of an expression: a series, or a number.
type term struct {
	series Values
	number float64
}

// at is the term in a period; false for none.
func (t term) at(period time.Time) (float64, bool) {
	if t.series == nil {
		return t.number, true
	}
	value, ok := t.series[period]
	return value, ok
}

// Math is the value of an expression of CloudWatch's metric math, of what is known of it here: the four operations, parentheses,
// and FILL(series, number). A period that one of the series does not have has no value, nor does a division by zero.
func Math(expression string, known map[string]Values) (Values, error) {
	parsed, err := parser.ParseExpr(expression)
	if err != nil {
		return nil, fmt.Errorf("%q is no expression", expression)
	}
	result, err := evaluate(parsed, known)
	switch {
	case err != nil:
		return nil, err
	case result.series == nil:
		return nil, fmt.Errorf("%q is a number: an expression needs a metric", expression)
	}
	return result.series, nil
}

func evaluate(e ast.Expr, known map[string]Values) (term, error) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return evaluate(e.X, known)
	case *ast.BasicLit:
		number, err := strconv.ParseFloat(e.Value, 64)
		if err != nil {
			return term{}, fmt.Errorf("%s is no number", e.Value)
		}
		return term{number: number}, nil
	case *ast.Ident:
		if known[e.Name] == nil {
			return term{}, fmt.Errorf("there is no metric of the id %s before it", e.Name)
		}
		return term{series: known[e.Name]}, nil
	case *ast.UnaryExpr:
		if e.Op == token.SUB {
			return combined(token.SUB, term{}, e.X, known)
		}
	case *ast.BinaryExpr:
		x, err := evaluate(e.X, known)
		if err != nil {
			return term{}, err
		}
		return combined(e.Op, x, e.Y, known)
	case *ast.CallExpr:
		return filled(e, known)
	}
	return term{}, fmt.Errorf("the simulated account has +, -, *, / and FILL only")
}

// combined is a term and another one, by an operation.
func combined(op token.Token, x term, other ast.Expr, known map[string]Values) (term, error) {
	operations := map[token.Token]func(a, b float64) float64{
		token.ADD: func(a, b float64) float64 { return a + b }, token.SUB: func(a, b float64) float64 { return a - b },
		token.MUL: func(a, b float64) float64 { return a * b }, token.QUO: func(a, b float64) float64 { return a / b },
	}
	do := operations[op]
	y, err := evaluate(other, known)
	switch {
	case err != nil:
		return term{}, err
	case do == nil:
		return term{}, fmt.Errorf("the simulated account has no operation %s", op)
	case x.series == nil && y.series == nil:
		return term{number: do(x.number, y.number)}, nil
	}
	periods := x.series
	if periods == nil {
		periods = y.series
	}
	result := Values{}
	for period := range periods {
		a, first := x.at(period)
		b, second := y.at(period)
		if value := do(a, b); first && second && !math.IsNaN(value) && !math.IsInf(value, 0) {
			result[period] = value
		}
	}
	return term{series: result}, nil
}

// filled is FILL: a series with a number in the periods of the other series that it does not have.
func filled(e *ast.CallExpr, known map[string]Values) (term, error) {
	if name, ok := e.Fun.(*ast.Ident); !ok || name.Name != "FILL" || len(e.Args) != 2 {
		return term{}, fmt.Errorf("the simulated account has no function but FILL(series, number)")
	}
	series, err := evaluate(e.Args[0], known)
	if err != nil {
		return term{}, err
	}
	number, err := evaluate(e.Args[1], known)
	if err != nil || series.series == nil || number.series != nil {
		return term{}, fmt.Errorf("FILL takes a metric and a number")
	}
	result := Values{}
	for _, values := range known {
		for period := range values {
			result[period] = number.number
		}
	}
	maps.Copy(result, series.series)
	return term{series: result}, nil
}
