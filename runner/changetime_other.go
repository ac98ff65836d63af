//go:build !linux

package runner

import "os"

func changeTime(os.FileInfo) int64 { return 0 }
