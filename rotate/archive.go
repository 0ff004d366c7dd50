package rotate

import (
	"slices"
	"strings"

	"github.com/tailight/tailight/tai64"
)

// Suffixes of archives.
const (
	// DefaultSuffix is the suffix of finished archives, if Options say no
	// other: complete, on disk, processed if there is a processor.
	DefaultSuffix = "s" // on disk; fixed

	unfinished = "u" // cut short by an outage, never processed; on disk; fixed
)

// labelSize is the length of a label in a name: "@" and 24 digits.
const labelSize = 25 // on disk; fixed

// suffixBytes are what a suffix is made of.
const suffixBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

// maxSuffix is what file systems leave for a suffix.
const maxSuffix = 255 - labelSize - len(".")

// ValidSuffix reports whether finished archives may have that suffix: letters,
// digits, dots, dashes and underscores, or nothing.
func ValidSuffix(s string) bool { return len(s) <= maxSuffix && strings.Trim(s, suffixBytes) == "" }

// archive is the name of an old log file: a label, a dot and a suffix.
func archive(l tai64.TAI64N, suffix string) string { return l.String() + "." + suffix }

// parseArchive reads the label of an archive's name. Whatever is not strictly
// a label, a dot and a valid suffix, whoever gave it, is not ours: it neither
// counts as an archive nor is it ever deleted.
func parseArchive(name string) (tai64.TAI64N, bool) {
	if len(name) <= labelSize || name[labelSize] != '.' || !ValidSuffix(name[labelSize+1:]) {
		return tai64.TAI64N{}, false
	}
	l, err := tai64.ParseTAI64N(name[:labelSize])
	return l, err == nil
}

// archives keeps the names of archives, oldest first.
func archives(names []string) []string {
	kept := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, ok := parseArchive(name)
		return !ok
	})
	// Labels are of one length and digits sort as their values do.
	slices.Sort(kept)
	return kept
}

// newest returns the highest label among the archives, or the zero label.
func newest(names []string) tai64.TAI64N {
	var top tai64.TAI64N
	for _, name := range names {
		if l, ok := parseArchive(name); ok && l.Compare(top) > 0 {
			top = l
		}
	}
	return top
}

// freeLabel returns want, or if that is not above every archive, the first
// label that is.
func freeLabel(want tai64.TAI64N, names []string) tai64.TAI64N {
	top := newest(names)
	if want.Compare(top) > 0 {
		return want
	}
	if next := top.Add(1); next != top {
		return next
	}
	// Somebody made an archive at the end of the scale. A wrong order harms
	// less than a logger that stops.
	for slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, want.String()) }) {
		want = want.Add(1)
	}
	return want
}

// surplus returns the archives to delete so that at most num-1 are left: the
// oldest, and never the newest.
func surplus(names []string, num int) []string {
	old := archives(names)
	keep := max(num-1, 1)
	if len(old) <= keep {
		return nil
	}
	return old[:len(old)-keep]
}
