//go:build !linux && !darwin

package main

import "os"

// columns is how wide a terminal is, as it usually is; false where the file is none.
func columns(f *os.File) (int, bool) {
	info, err := f.Stat()
	return 80, err == nil && info.Mode()&os.ModeCharDevice != 0
}
