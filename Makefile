# Every target is a line of `make help`. Variables: RUN (a test's name), SEED, PKG,
# REV (to compare with), BENCHFLAGS (see `go run ./tools/bench -h`).
GO    ?= go
RUN   ?= .
PKGS   = ./cmd/... ./ublk/... ./logcache/... ./segment/... ./migrate/... ./sysfsio/... ./tools/... ./tests/...
COVERED = ./logcache/...,./segment/...,./migrate/...
INGUEST = $(GO) run ./tools/vm/lcvm test
STATIC = CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w'

.DEFAULT_GOAL := help
.PHONY: help build demo test test-native test-race test-sim test-vm test-cuts test-disks race-test cover crash-test crash-test-deep mutants fuzz bench bench-dilated bench-emulated bench-native bench-compare bench-startup install-udev lint clean deps

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/lc, static
	@mkdir -p bin
	$(STATIC) -o bin/lc ./cmd/lc

deps: ## install what tests and the demo need (Debian, as root)
	@tools/deps

demo: deps build ## the whole cache on a real kernel in a guest, with a power cut
	$(GO) run ./tools/demo $(if $(SEED),-seed $(SEED))

test: deps lint build ## all tests: those in a guest, which is often idle, beside the others
	@$(MAKE) --no-print-directory -j2 -Otarget test-vm test-native test-race test-sim

test-sim: ## the simulator for some minutes; crash-test is its long campaign
	$(GO) test -count=1 -timeout 20m -v ./tests/sim -run 'Random|Exhaustive' -sim.seeds=4000

test-native: build ## tests that need neither ublk nor a guest
	$(GO) test -timeout 20m -run '$(RUN)' $(PKGS)
	$(GO) -C tools/plots test -run '$(RUN)' .

test-race: ## the same for the packages with concurrency, under the race detector
	$(GO) test -race -short -timeout 20m -run '$(RUN)' ./ublk/... ./logcache/ ./segment/... ./migrate/... ./cmd/... ./sysfsio/... ./tests/race

race-test: ## queues' threads, background, freezes and kills on one cache under the race detector; five minutes
	$(GO) test -race -count=1 -timeout 20m -v ./tests/race -race.for $(or $(FOR),5m)

test-vm: deps build ## tests on real ublk, in a guest
	$(INGUEST) ./ublk
	$(INGUEST) ./cmd/internal/host
	$(INGUEST) --disk name=ssd,size=128M --disk name=hdd,size=256M ./cmd/lc
	LC_VM=1 $(GO) test -count=1 -timeout 40m -v -run '$(RUN)' ./tests/guest

crash-test: ## the simulator's long campaign: more than three million crash states; half an hour
	$(GO) test -count=1 -timeout 90m -v ./tests/sim -sim.k=3 -sim.seeds=$(or $(SEEDS),15000) $(if $(SEED),-sim.seed=$(SEED))

crash-test-deep: ## all workloads of four verbs, in one order of completion; a quarter of an hour
	$(GO) test -count=1 -timeout 120m -v ./tests/sim -run 'TestExhaustive/workloads/512-fifo$$' -sim.k=4

mutants: ## deliberate bugs, each of which a test must find
	$(GO) run ./tests/sim/mutants

cover: ## which statements of logcache, segment and migrate no test of theirs and no run of the simulator reaches, held against a list
	@mkdir -p bin
	$(GO) test -short -timeout 20m -coverpkg=$(COVERED) -coverprofile=bin/cover-own.out ./logcache/... ./segment/... ./migrate/...
	$(GO) test -timeout 20m -coverpkg=$(COVERED) -coverprofile=bin/cover-sim.out -skip '^TestSeeds$$' ./tests/sim -sim.k=1 -sim.seeds=150
	$(GO) run ./tests/cover bin/cover-own.out bin/cover-sim.out

fuzz: ## the fuzz targets of the format, a minute each
	for f in FuzzDecodeSuper FuzzParseRecord FuzzRecover; do $(GO) test ./segment -run xxx -fuzz "^$$f\$$" -fuzztime 60s -fuzzminimizetime 20x || exit 1; done

bench: deps build ## the cache beside its peers and the bare devices, in one guest; about an hour
	@rm -f bench/report.md bench/charts.json; rc=0; $(GO) run ./tools/bench -works all -systems all -out bench $(BENCHFLAGS) || rc=$$?; \
	test ! -f bench/report.md || { echo; echo "## Where the time of one fdatasync goes"; echo; $(GO) run ./tools/synctrace; } >> bench/report.md || rc=1; \
	test ! -f bench/charts.json || $(GO) -C tools/plots run . $(CURDIR)/bench/charts.json || rc=1; \
	exit $$rc

bench-dilated: deps build ## fdatasync with devices as slow as the guest's processors; eight minutes
	$(GO) run ./tools/bench -dilate 10 -works sync4k,sync4k-j4,sync4k-j16 -systems ssd,null,writecache,bcache,lc -seconds 5 -out bench/dilated
	$(GO) -C tools/plots run . $(CURDIR)/bench/dilated/charts.json

bench-emulated: deps build ## what an emulated processor costs: ring and core natively, then in the guest
	$(GO) test -run xxx -bench 'Path/^write$$' ./logcache
	$(GO) test -run xxx -bench Nop ./ublk/uring
	$(INGUEST) ./logcache -test.run xxx -test.bench 'Path/^write$$'
	$(INGUEST) ./ublk/uring -test.run xxx -test.bench Nop

bench-native: ## micro-benchmarks of ring, record, index, write path and read path; no guest
	$(GO) run ./tools/bench/native

bench-compare: ## the same on this tree and on REV, compared
	@test -n "$(REV)" || { echo "usage: make bench-compare REV=main"; exit 2; }
	$(GO) run ./tools/bench/native -rev $(REV)

bench-startup: ## from resume to the first read, with a full log of 100 GiB; TIB=1 adds one of 1 TiB
	$(if $(TIB),LC_TIB=1) $(GO) test -run xxx -bench Startup -benchtime 3x ./cmd/internal/host

test-cuts: deps build ## twenty and more power cuts under writers that sync
	LC_VM=1 LC_CUTS=24 $(GO) test -count=1 -timeout 60m -v -run TestP1Ledger ./tests/guest

test-disks: deps build ## whose disk it is and which block, in a guest: twins, copies, raw writes, LUKS, md, bcache, snapshots
	LC_VM=1 LC_LONG=1 $(GO) test -count=1 -timeout 60m -v -run 'P8|Blocks|Snapshot' ./tests/guest

install-udev: ## a udev rule for /dev/lc/NAME-part1 and so on (as root)
	install -D -m 644 tools/udev/60-lc-partitions.rules $(DESTDIR)/etc/udev/rules.d/60-lc-partitions.rules
	test -n "$(DESTDIR)" || udevadm control --reload

lint: ## gofmt, vet, staticcheck
	@out=$$(gofmt -l cmd ublk logcache segment migrate sysfsio tools tests); test -z "$$out" || { echo "gofmt: $$out"; exit 1; }
	$(GO) vet $(PKGS)
	$(GO) tool staticcheck $(PKGS)
	$(GO) -C tools/plots vet .

clean: ## remove what was built
	rm -rf bin
