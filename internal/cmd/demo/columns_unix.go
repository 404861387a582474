//go:build linux || darwin

package main

import (
	"os"
	"syscall"
	"unsafe"
)

// columns is how wide a terminal is; false where the file is none.
func columns(f *os.File) (int, bool) {
	var size struct{ rows, columns, x, y uint16 }
	_, _, failed := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	if failed != 0 {
		return 0, false
	}
	if size.columns == 0 {
		return 80, true
	}
	return int(size.columns), true
}
