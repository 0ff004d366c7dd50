package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/tailight/tailight"

// mayImport says which packages of the module each package may import, and
// which from outside. Who adds a package adds its row.
var mayImport = map[string]struct{ ours, outside []string }{
	"internal/lines":       {},
	"tai64":                {ours: []string{"internal/lines"}},
	"internal/member":      {ours: []string{"tai64"}},
	"rotate":               {ours: []string{"internal/member", "tai64"}, outside: []string{"golang.org/x/sys", "gopkg.in/natefinch/lumberjack.v2"}},
	"logpipe":              {ours: []string{"internal/lines", "rotate", "tai64"}, outside: []string{"golang.org/x/sys"}},
	"supervise":            {ours: []string{"tai64"}, outside: []string{"golang.org/x/sys"}},
	"cmd/internal/cli":     {outside: []string{"github.com/spf13/pflag"}},
	"cmd/internal/logs":    {ours: []string{"cmd/internal/cli", "logpipe", "rotate", "tai64"}, outside: []string{"golang.org/x/sys"}},
	"cmd/internal/chain":   {ours: []string{"cmd/internal/cli"}, outside: []string{"golang.org/x/sys"}},
	"cmd/internal/control": {ours: []string{"cmd/internal/cli", "supervise", "tai64"}},
	"cmd/internal/tree":    {ours: []string{"cmd/internal/cli", "rotate", "supervise", "tai64"}},
	"cmd/internal/setup":   {ours: []string{"cmd/internal/cli"}},
	"cmd/internal/zstd":    {ours: []string{"cmd/internal/cli", "internal/member"}, outside: []string{zstdLibrary}},
}

// zstdLibrary is for one binary only. In the others it would bring crypto/rand, whose
// 32 MiB of zeros no process under tight limits can be executed with.
const (
	zstdLibrary = "github.com/klauspost/compress"
	zstdBinary  = "cmd/tailight-zstd"
)

// mains may import these.
var families = []string{
	"cmd/internal/cli", "cmd/internal/chain", "cmd/internal/control", "cmd/internal/logs", "cmd/internal/setup", "cmd/internal/tree",
	"cmd/internal/zstd",
}

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir, Name string
	Standard              bool
	Imports, GoFiles      []string
	IgnoredGoFiles        []string
	Deps                  []string
}

// short is the path of a package of the module inside of it.
func (l listed) short() string { return strings.TrimPrefix(l.ImportPath, module+"/") }

// own lists the packages of this module.
var own = sync.OnceValues(func() ([]listed, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Name,Imports,GoFiles,IgnoredGoFiles,Deps", module+"/...")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.New("go list: " + said.String())
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
})

func ownPackages(t *testing.T) []listed {
	t.Helper()
	all, err := own()
	must(t, err)
	if len(all) < 5 {
		t.Fatalf("go list knows %d packages only", len(all))
	}
	return all
}

func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// under reports whether a package is one of these modules' or packages.
func under(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return path == r || strings.HasPrefix(path, r+"/") })
}

func TestImportsRunOneWay(t *testing.T) {
	t.Parallel()
	for _, p := range ownPackages(t) {
		rule, known := mayImport[p.short()]
		switch {
		case p.Name == "main":
			rule.ours = families
		case !known:
			t.Errorf("%s has no row in mayImport", p.short())
			continue
		}
		for _, f := range sources(t, p) {
			for _, i := range f.imports {
				ours, isOurs := strings.CutPrefix(i, module+"/")
				switch {
				case isOurs && !slices.Contains(rule.ours, ours), !isOurs && !isStandard(i) && !under(i, rule.outside):
					t.Errorf("%s imports %s", f.name, i)
				}
			}
		}
	}
}

// What is linked into the binaries: no web server comes in by the back door.
func TestNoCommandLinksTheNetwork(t *testing.T) {
	t.Parallel()
	found := 0
	for _, p := range ownPackages(t) {
		if p.Name != "main" {
			continue
		}
		found++
		banned := []string{"net/http", "crypto/tls", "os/user", "testing"} // pflag brings net
		allowed := []string{module, "github.com/spf13/pflag", "golang.org/x/sys", "gopkg.in/natefinch/lumberjack.v2"}
		if p.short() == zstdBinary {
			allowed = append(allowed, zstdLibrary)
		} else {
			banned = append(banned, "crypto/rand")
		}
		for _, bad := range banned {
			if slices.Contains(p.Deps, bad) {
				t.Errorf("%s is linked with %s", p.short(), bad)
			}
		}
		for _, d := range p.Deps {
			if !isStandard(d) && !under(d, allowed) {
				t.Errorf("%s is linked with %s", p.short(), d)
			}
		}
	}
	if found < 2 {
		t.Errorf("%d commands, want more", found)
	}
}

// source is a file that is not a test, with what it refers to.
type source struct {
	name    string
	imports []string
	refs    []string // package.Name
}

// sources parses the sources of a package, those for other systems too.
func sources(t *testing.T, p listed) []source {
	t.Helper()
	var all []source
	for _, name := range append(slices.Clone(p.GoFiles), p.IgnoredGoFiles...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, 0)
		must(t, err)
		s := source{name: p.short() + "/" + name}
		local := map[string]string{} // what a package is called here
		for _, i := range file.Imports {
			from := strings.Trim(i.Path.Value, `"`)
			s.imports = append(s.imports, from)
			local[path.Base(from)] = from
			if i.Name != nil {
				local[i.Name.Name] = from
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && local[x.Name] != "" {
				s.refs = append(s.refs, local[x.Name]+"."+sel.Sel.Name)
			}
			return true
		})
		all = append(all, s)
	}
	return all
}

// process belongs to the whole process; only cli may touch it.
var process = []string{
	"os.Exit", "os.Args", "os.Stdin", "os.Stdout", "os.Stderr", "log.Fatal", "log.Fatalf", "log.Fatalln", "fmt.Print", "fmt.Printf",
	"fmt.Println", "fmt.Scan", "fmt.Scanf", "fmt.Scanln", "syscall.Exit", "flag.Parse",
}

// perProcess are those that packages of use to other programs leave alone.
var perProcess = []string{"os.Chdir", "syscall.Chdir", "syscall.Umask", "signal.Notify", "os/signal.Notify", "os.Setenv"}

func TestOnlyCliTouchesTheProcess(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range ownPackages(t) {
		for _, f := range sources(t, p) {
			for _, ref := range f.refs {
				switch {
				case p.short() == "cmd/internal/cli":
					seen[ref] = true
				case slices.Contains(process, ref):
					t.Errorf("%s uses %s", f.name, ref)
				case !strings.HasPrefix(p.short(), "cmd/") && slices.Contains(perProcess, ref):
					t.Errorf("%s uses %s", f.name, ref)
				}
			}
		}
	}
	for _, ref := range []string{"os.Exit", "os.Args", "os.Stdin"} { // the scan sees what there is
		if !seen[ref] {
			t.Errorf("cli does not use %s, or the scan does not see it", ref)
		}
	}
}

func TestTheFilesOfAMainAreOneCall(t *testing.T) {
	t.Parallel()
	for _, p := range ownPackages(t) {
		if p.Name != "main" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, "main.go"), nil, parser.ParseComments)
		must(t, err)
		if file.Doc == nil {
			t.Errorf("%s has no manual in front of its package clause", p.short())
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && (f.Name.Name != "main" || len(f.Body.List) != 1) {
				t.Errorf("%s: %s is not one call", p.short(), f.Name.Name)
			}
		}
	}
}
