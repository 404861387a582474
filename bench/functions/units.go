package main

import (
	"fmt"
	"time"
)

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1e3) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func wholeSeconds(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }

func mebibytes(bytes float64) string { return fmt.Sprintf("%.1f MiB", bytes/mebibyte) }

// over is how many times the floor a figure is.
func over[T ~int64 | ~float64](figure, floor T) float64 { return float64(figure) / float64(floor) }

func ratio[T ~int64 | ~float64](figure, floor T) string {
	return fmt.Sprintf("%.2f", over(figure, floor))
}
