package rotate

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// plainText is the content of a file that may be compressed.
func plainText(packed []byte) ([]byte, error) {
	switch packingOf(packed) {
	case byGzip:
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	case byZstd:
		return decoder.DecodeAll(packed, nil)
	}
	return packed, nil
}

// unpacked is plainText for what has to be whole or is not compressed.
func unpacked(b []byte) []byte {
	text, err := plainText(b)
	if err != nil {
		return []byte("broken: " + err.Error())
	}
	return text
}

// packing are logs to compress.
func packings() map[string]string {
	long := strings.Repeat("x", 3*MemberSize)
	return map[string]string{
		"a short one":                           "one line\n",
		"nothing":                               "",
		"no line end":                           "half a line",
		"many members":                          lines(8000, 100),
		"just a member":                         lines(MemberSize/64, 64),
		"just two members":                      lines(2*MemberSize/64, 64),
		"a member and a byte":                   lines(MemberSize/64, 64) + "x",
		"a line longer than members":            "before\n" + long + "\nafter\n",
		"a line longer than members, unended":   long,
		"bytes that cannot be made less":        noise(2*MemberSize + 5),
		"lines of a third of a member, and one": strings.Repeat(strings.Repeat("y", MemberSize/3)+"\n", 7) + "z\n",
	}
}

func noise(n int) string {
	b := make([]byte, n)
	for i, x := 0, uint64(1); i < n; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x >> 32)
	}
	return string(b)
}

// pack compresses a text as a rotation does.
func pack(t *testing.T, c Compression, text string) []byte {
	t.Helper()
	d := newDisk()
	d.put("previous", text, 0o744)
	m := must(d.openMem("d"))
	p := &processing{name: "d", in: must(m.open("previous", os.O_RDONLY, 0)), out: must(m.open("processed", os.O_WRONLY|os.O_CREATE, 0o644))}
	if err := compressing(c)(p); err != nil {
		t.Fatal(err)
	}
	return d.entries["processed"].data
}

// lengthAt returns where the length of a member is, and fails unless the rest of the
// head is as the documentation says.
func lengthAt(t *testing.T, c Compression, packed []byte) int {
	t.Helper()
	if c == Zstd {
		if head := packed[:12]; string(head) != "\x54\x2a\x4d\x18\x1c\x00\x00\x00TLTF" {
			t.Fatalf("a member begins with %q", head)
		}
		return 12
	}
	if extra, second := packed[10:16], packed[20:24]; string(extra) != "\x20\x00TL\x04\x00" || string(second) != "TF\x14\x00" {
		t.Fatalf("a member has %q and %q", extra, second)
	}
	return 16
}

// membersOf finds the members as the documentation says, and unpacks each by itself.
func membersOf(t *testing.T, c Compression, packed []byte) (texts []string) {
	t.Helper()
	for len(packed) > 0 {
		size := binary.LittleEndian.Uint32(packed[lengthAt(t, c, packed):])
		text, err := plainText(packed[:size])
		if err != nil || len(text) > MemberSize {
			t.Fatalf("a member has %d bytes, %v", len(text), err)
		}
		texts = append(texts, string(text))
		packed = packed[size:]
	}
	return texts
}

func eachPacking(t *testing.T, body func(t *testing.T, c Compression, text string)) {
	for _, c := range []Compression{Gzip, Zstd} {
		for name, text := range packings() {
			t.Run(fmt.Sprintf("%s by %d", name, c), func(t *testing.T) {
				t.Parallel()
				body(t, c, text)
			})
		}
	}
}

func TestWhatIsCompressedIsReadAsItWas(t *testing.T) {
	t.Parallel()
	eachPacking(t, func(t *testing.T, c Compression, text string) {
		packed := pack(t, c, text)
		got, err := plainText(packed)
		if err != nil || string(got) != text {
			t.Errorf("%d bytes became %d and then %d, %v", len(text), len(packed), len(got), err)
		}
	})
}

func TestMembersAreFoundWithoutReadingThemAndEndWithLines(t *testing.T) {
	t.Parallel()
	eachPacking(t, func(t *testing.T, c Compression, text string) {
		texts := membersOf(t, c, pack(t, c, text))
		if strings.Join(texts, "") != text || len(texts) == 0 {
			t.Fatalf("%d members are not the text", len(texts))
		}
		for i, m := range texts[:len(texts)-1] {
			if !strings.HasSuffix(m, "\n") && len(m) < MemberSize || strings.Contains(m, "\n") && !strings.HasSuffix(m, "\n") {
				t.Errorf("member %d of %d bytes ends with %q", i, len(m), m[len(m)-1:])
			}
			if next := texts[i+1]; len(m)+strings.Index(next, "\n")+1 <= MemberSize && strings.Contains(next, "\n") {
				t.Errorf("member %d has %d bytes, and the next line %d", i, len(m), strings.Index(next, "\n")+1)
			}
		}
	})
}

// TestZcatAndZstdcatReadIt asks the real ones, where they are installed.
func TestZcatAndZstdcatReadIt(t *testing.T) {
	t.Parallel()
	eachPacking(t, func(t *testing.T, c Compression, text string) {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, pack(t, c, text), 0o600); err != nil {
			t.Fatal(err)
		}
		argv := map[Compression][]string{Gzip: {"gzip", "-dc"}, Zstd: {"zstd", "-dcq"}}[c]
		prog, err := exec.LookPath(argv[0])
		if errors.Is(err, exec.ErrNotFound) {
			t.Skip("needs the programs gzip, which every Debian has, and zstd, which .ci/run installs: ", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		in := must(os.Open(path))
		defer in.Close()
		cmd := exec.CommandContext(t.Context(), prog, argv[1:]...)
		var said bytes.Buffer
		cmd.Stdin, cmd.Stderr = in, &said
		got, err := cmd.Output()
		if err != nil || string(got) != text || said.Len() > 0 {
			t.Errorf("%d bytes of %d, %v, %s", len(got), len(text), err, said.String())
		}
	})
}

func TestACompressedArchiveKeepsItsSuffixAndMode(t *testing.T) {
	t.Parallel()
	for _, c := range []Compression{Gzip, Zstd} {
		l := newLogDir(t)
		l.opt.Compress, l.opt.Suffix, l.opt.HasSuffix = c, "log", true
		l.opt.run = compressing(c)
		d := l.open()
		l.write(d, lines(40, 100))
		l.close(d)
		names := l.archives()
		if len(names) != 1 || !strings.HasSuffix(names[0], ".log") {
			t.Fatalf("archives %q", names)
		}
		fi := must(os.Stat(l.path(names[0])))
		got, err := plainText(must(os.ReadFile(l.path(names[0]))))
		if err != nil || string(got) != lines(40, 100) || fi.Mode() != 0o744 {
			t.Errorf("%d bytes, mode %v, %v", len(got), fi.Mode(), err)
		}
		l.wantTold()
	}
}

func TestAProcessorBesideACompressionIsRefused(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.opt.Compress, l.opt.HasProcessor = Gzip, true
	if d, err := Open(l.name, l.opt); err == nil {
		d.Abandon()
		t.Error("opened")
	}
	if _, err := os.Stat(l.name); err == nil {
		t.Error("the directory was made")
	}
}

// TestAFullDiskHoldsUpACompressionAndNotTheWriter has no space for the output.
func TestAFullDiskHoldsUpACompressionAndNotTheWriter(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	var c told
	d := newDisk()
	h := history{compress: Gzip, spawn: func(run func()) { go run() }}
	opt := h.options(d)
	opt.run = func(p *processing) error {
		if len(c.errs) == 0 {
			return fail(syscall.ENOSPC, "unable to write to %s/processed", p.name)
		}
		return Gzip.compress(p)
	}
	opt.Retry = func(err error) bool { c.errs = append(c.errs, err); <-gate; return true }
	dir := must(Open("d", opt))
	must(dir.Write(input[:3*batch])) // more than a file
	close(gate)
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
	if got := d.content(); !bytes.Equal(got, input[:3*batch]) || len(c.errs) != 1 {
		t.Errorf("%d bytes of %d, said %q", len(got), 3*batch, c.errs)
	}
}
