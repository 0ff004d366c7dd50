package setup

import (
	"os"
	"path/filepath"
	"testing"
)

// into installs into one directory.
func (s *site) into(dir string, force bool) (code int, said string) {
	s.t.Helper()
	e, text := s.env()
	d := s.disk()
	d.root = ""
	return (&installer{env: e, disk: d, binary: []byte("binary"), packer: s.packer, table: table, force: force}).into(dir), text()
}

func TestADirectoryGetsBinaryAndLinksAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	must(t, os.RemoveAll(s.at("/etc")))
	code, said := s.into(s.at("/usr/local/bin"), false)
	want(t, "install", code, said, 0, "")
	const made = ` drwxr-xr-x
/usr drwxr-xr-x
/usr/local drwxr-xr-x
/usr/local/bin drwxr-xr-x
/usr/local/bin/svc Lrwxrwxrwx -> tailight
/usr/local/bin/svscanboot Lrwxrwxrwx -> tailight
/usr/local/bin/tailight -rwxr-xr-x "binary"
`
	wantTree(t, "installed", s.tree(), made)
	code, said = s.into(s.at("/usr/local/bin"), false)
	want(t, "again", code, said, 0, "")
	wantTree(t, "again", s.tree(), made)
}

func TestTheSecondBinaryIsPutBesideTheFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/bin/tailight-zstd", "old")
	s.packer = []byte("packer")
	code, said := s.into(s.at("/bin"), false)
	want(t, "install", code, said, 111, "tailight: fatal: unable to create /bin/tailight-zstd: file already exists\n")
	code, said = s.into(s.at("/bin"), true)
	want(t, "forced", code, said, 0, "")
	if got := s.read("/bin/tailight-zstd"); got != "packer" {
		t.Errorf("it is %q", got)
	}
	if fi, err := os.Stat(s.at("/bin/tailight-zstd")); err != nil || fi.Mode() != 0o755 {
		t.Errorf("%v, %v", fi, err)
	}
}

func TestADirectoryKeepsWhatIsThereUnlessForced(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/bin/svc", "the user's own", "/bin/original", "original")
	must(t, os.Symlink("original", s.at("/bin/svscanboot")))
	code, said := s.into(s.at("/bin"), false)
	want(t, "install", code, said, 111, "tailight: fatal: unable to create /bin/svc: file already exists\n"+
		"tailight: fatal: unable to create /bin/svscanboot: file already exists\n")
	if svc, boot := s.read("/bin/svc"), s.read("/bin/svscanboot"); svc != "the user's own" || boot != "original" {
		t.Errorf("svc is %q, svscanboot %q", svc, boot)
	}
	code, said = s.into(s.at("/bin"), true)
	want(t, "forced", code, said, 0, "")
	if svc, boot, original := s.read("/bin/svc"), s.read("/bin/svscanboot"), s.read("/bin/original"); svc != "binary" || boot != "binary" || original != "original" {
		t.Errorf("svc is %q, svscanboot %q, original %q", svc, boot, original)
	}
}

func TestADirectoryWithAnotherBinaryGetsNoLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/bin/tailight", "old")
	code, said := s.into(s.at("/bin"), false)
	want(t, "install", code, said, 111, "tailight: fatal: unable to create /bin/tailight: file already exists\n")
	if names, err := os.ReadDir(s.at("/bin")); err != nil || len(names) != 1 {
		t.Errorf("%v, %v, want the old binary alone", names, err)
	}
	code, said = s.into(s.at("/bin"), true)
	want(t, "forced", code, said, 0, "")
	if got := s.read("/bin/tailight"); got != "binary" {
		t.Errorf("the binary is %q", got)
	}
}

func TestADirectoryInTheWayIsNotRemoved(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/bin/svc/important", "")
	code, said := s.into(s.at("/bin"), true)
	want(t, "forced", code, said, 111, "tailight: fatal: unable to rename /bin/svc.tailight-new: file already exists\n")
	if _, err := os.Stat(s.at("/bin/svc/important")); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(s.at("/bin/*" + suffix)); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestADirectoryThatCannotBeMadeIsSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/file", "")
	code, said := s.into(s.at("/file/bin"), false)
	want(t, "install", code, said, 111, "tailight: fatal: unable to create /file/bin: not a directory\n")
}
