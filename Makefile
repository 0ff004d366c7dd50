DIR      =
PREFIX   =
DESTDIR  =
BOOT     =
FUZZTIME = 30s
BENCH    =
BENCHTIME = 1s
TORTURE  =

# Where there is assembly for it, the first instruction of the process is ours:
# see cmd/internal/cli/entry.go.
SYSTEM := $(shell GOOS=$(GOOS) GOARCH=$(GOARCH) go env GOOS GOARCH)
ENTRY  := $(if $(wildcard cmd/internal/cli/entry_$(firstword $(SYSTEM))_$(lastword $(SYSTEM)).s),-E github.com/tailight/tailight/cmd/internal/cli.entry)

GOBUILD     = CGO_ENABLED=0 go build -trimpath -ldflags='-s -w $(ENTRY)'
TOOLS       = ./testdata/bench ./testdata/run ./testdata/torture
STATICCHECK = go tool -modfile=tools.mod staticcheck

.PHONY: check build run test race golden peer fuzz bench torture vuln install uninstall

check: ## everything that must be clean before a commit
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./... $(TOOLS)
	go vet -tags 'peer root' ./...
	GOARCH=arm64 go vet ./...
	GOOS=freebsd go vet ./...
	GOOS=darwin go vet ./...
	$(STATICCHECK) -tags 'peer root' ./... $(TOOLS)
	go mod tidy -diff
	go fix -diff ./...
	go test ./... ./testdata/run ./testdata/torture

build: ## bin/tailight and a link for every command, and beside it bin/tailight-zstd
	$(GOBUILD) -o bin/tailight ./cmd/tailight
	$(GOBUILD) -o bin/tailight-zstd ./cmd/tailight-zstd
	bin/tailight install bin

run: build ## svscan on an example tree, or on DIR, with svstat and the logs; Ctrl-C stops all of it
	go build -o bin/.run ./testdata/run
	bin/.run $(DIR)

test: ## needs nothing but Go
	go test ./... ./testdata/run ./testdata/torture

race:
	go test -race -count=1 ./... ./testdata/run ./testdata/torture

golden: ## record the golden data anew, from the real daemontools 0.76 in PATH
	go test ./cmd/tailight -run TestGolden -count=1 -update
	go test ./rotate -run TestTheCallsOfARotationHaveTheirOrder -count=1 -update
	go test ./supervise -run TestTheTableOfAllCells -count=1 -update
	git diff --stat -- testdata rotate/testdata supervise/testdata

peer: ## beside the real daemontools 0.76 in PATH
	go test -tags peer -count=1 -run 'Peer|Mixed|CLibrary|Original' ./tai64 ./logpipe ./cmd/tailight

fuzz:
	@set -e; for p in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$p | grep ^Fuzz); do \
			echo "$$p $$f"; go test $$p -run "^$$f$$" -fuzz "^$$f$$" -fuzztime $(FUZZTIME); \
		done; done

bench: build ## BENCH='-runs 9 -only tai64n', see testdata/bench/main.go
	go test -run '^$$' -bench . -benchtime $(BENCHTIME) -benchmem ./tai64 ./rotate ./logpipe
	go run ./testdata/bench $(BENCH)

torture: build ## kills, upgrades, full disks, and one table; TORTURE='-short', see testdata/torture/main.go
	go build -o bin/.torture ./testdata/torture
	bin/.torture $(TORTURE)

vuln:
	go tool -modfile=tools.mod govulncheck ./...

# The machine, or with PREFIX=/usr/local just the binaries and the links there.
# BOOT=rc.local|inittab|systemd starts svscan at boot. DESTDIR goes before all.
install: build
ifdef PREFIX
	bin/tailight install -f $(DESTDIR)$(PREFIX)/bin
else
	bin/tailight install $(if $(DESTDIR),--root=$(DESTDIR)) $(if $(BOOT),--boot=$(BOOT))
endif

uninstall: build
	bin/tailight uninstall $(if $(DESTDIR),--root=$(DESTDIR))
