PREFIX   =
DESTDIR  =
BOOT     =
FUZZTIME = 30s
BENCH    =

GOBUILD     = CGO_ENABLED=0 go build -trimpath -ldflags='-s -w'
STATICCHECK = go tool -modfile=tools.mod staticcheck

.PHONY: check build run test race golden peer fuzz bench vuln install uninstall

check: ## everything that must be clean before a commit
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./... ./testdata/bench ./testdata/chatter
	go vet -tags 'peer root' ./...
	GOARCH=arm64 go vet ./...
	GOOS=freebsd go vet ./...
	GOOS=darwin go vet ./...
	$(STATICCHECK) -tags 'peer root' ./... ./testdata/bench ./testdata/chatter
	go mod tidy -diff
	go fix -diff ./...
	go test ./...

build: ## bin/tailight and a link for every command
	$(GOBUILD) -o bin/tailight ./cmd/tailight
	bin/tailight install bin

run: build ## a small program's output through multilog, and back in local time
	@set -e; dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	echo 'chatter | multilog t s4096 n5 ./main'; \
	go run ./testdata/chatter | bin/multilog t s4096 n5 "$$dir/main"; \
	echo 'cat ./main/@* ./main/current | tai64nlocal | tail'; \
	cat "$$dir"/main/@* "$$dir/main/current" | bin/tai64nlocal | tail; \
	echo 'ls -l ./main'; \
	ls -l "$$dir/main"

test: ## needs nothing but Go
	go test ./...

race:
	go test -race -count=1 ./...

golden: ## record the golden data anew, from the real daemontools 0.76 in PATH
	go test ./cmd/tailight -run TestGolden -count=1 -update
	go test ./rotate -run TestTheCallsOfARotationHaveTheirOrder -count=1 -update
	git diff --stat -- testdata rotate/testdata

peer: ## beside the real daemontools 0.76 in PATH
	go test -tags peer -count=1 ./tai64 ./cmd/tailight

fuzz:
	@set -e; for p in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$p | grep ^Fuzz); do \
			echo "$$p $$f"; go test $$p -run "^$$f$$" -fuzz "^$$f$$" -fuzztime $(FUZZTIME); \
		done; done

bench: build ## BENCH='-runs 9 -only tai64n', see testdata/bench/main.go
	go test -run '^$$' -bench . -benchmem ./tai64 ./rotate ./logpipe
	go run ./testdata/bench $(BENCH)

vuln:
	go tool -modfile=tools.mod govulncheck ./...

# The machine, or with PREFIX=/usr/local just the binary and its links there.
# BOOT=rc.local|inittab|systemd starts svscan at boot. DESTDIR goes before all.
install: build
ifdef PREFIX
	bin/tailight install -f $(DESTDIR)$(PREFIX)/bin
else
	bin/tailight install $(if $(DESTDIR),--root=$(DESTDIR)) $(if $(BOOT),--boot=$(BOOT))
endif

uninstall: build
	bin/tailight uninstall $(if $(DESTDIR),--root=$(DESTDIR))
