package rotate

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// zstdName is the program that packs and unpacks zstd. It is one of its own since the
// library has no place in a process of ours: see ARCHITECTURE.md.
const zstdName = "tailight-zstd"

// ZstdProgram returns the path of the program tailight-zstd: beside the running one, or
// where PATH has it.
func ZstdProgram() (string, error) {
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		if path, err := exec.LookPath(filepath.Join(filepath.Dir(self), zstdName)); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath(zstdName)
	if err != nil {
		return "", fail(syscall.ENOENT, "unable to find %s", zstdName)
	}
	return path, nil
}
