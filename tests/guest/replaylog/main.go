// Command replaylog makes crash states out of what dm-log-writes recorded, and
// checks that the cache recovers from each of them.
//
// In the guest it works and says so in the record itself, by marks:
//
//	replaylog write DEV -mark NAME       writes and syncs blocks of a device
//	replaylog files DIR -mark NAME       makes and syncs files
//
// On any machine it goes through a copy of the record. The recorded device is
// the cache device, and behind it the backing:
//
//	replaylog check LOG -cache BYTES -backing BYTES
//
// At each FLUSH and each FUA write the cache is resumed, in this process, on
// what was durable by then, and just before it on that and some of the rest:
// each write that was not yet durable may be lost, there, or torn at a sector.
// What a mark before that place confirms must be there, and nothing that no
// mark before it announces.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: replaylog write DEV | files DIR | check LOG [flags]"))
	}
	verbs := map[string]func(path string, fs *flag.FlagSet, args []string) error{"write": runWrite, "files": runFiles, "check": runCheck}
	run := verbs[os.Args[1]]
	if run == nil {
		fail(fmt.Errorf("no such verb: %s", os.Args[1]))
	}
	fail(run(os.Args[2], flag.NewFlagSet("replaylog", flag.ExitOnError), os.Args[3:]))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "replaylog:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// load is what both workloads are told.
type load struct {
	mark  *marker
	jobs  int
	seed  uint64
	most  uint64 // writes of a job
	until time.Time
}

func parseLoad(fs *flag.FlagSet, args []string) (*load, error) {
	mark := fs.String("mark", "", "name of the log-writes device that takes the marks")
	jobs := fs.Int("jobs", 4, "how many work side by side")
	seed := fs.Uint64("seed", 1, "of sizes and places")
	seconds := fs.Int("seconds", 4, "how long to work")
	most := fs.Uint64("most", 1<<40, "stop a job at about so many writes")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	m, err := newMarker(*mark)
	if err != nil {
		return nil, err
	}
	return &load{mark: m, jobs: *jobs, seed: *seed, most: *most, until: time.Now().Add(time.Duration(*seconds) * time.Second)}, nil
}

// all runs a job of each number and waits for all of them.
func (l *load) all(job func(n int) error) error {
	errs := make(chan error)
	for n := range l.jobs {
		go func() { errs <- job(n) }()
	}
	var first error
	for range l.jobs {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

func runCheck(path string, fs *flag.FlagSet, args []string) error {
	o := checkOptions{Log: path}
	fs.Int64Var(&o.Cache, "cache", 0, "size of the cache device in bytes")
	fs.Int64Var(&o.Backing, "backing", 0, "size of the backing in bytes")
	fs.Uint64Var(&o.Seed, "seed", 1, "of what is lost and torn")
	fs.IntVar(&o.Variants, "variants", 8, "states with lost and torn writes, for each FLUSH and each FUA")
	fs.IntVar(&o.Every, "every", 1, "look at each n-th FLUSH and FUA only")
	fs.IntVar(&o.Min, "min", 0, "fail if there were fewer FLUSHes and FUA writes to look at")
	fs.IntVar(&o.Ext4, "ext4", 0, "of these states, evenly spread, check the ext4 file system as well")
	fs.IntVar(&o.Lose, "lose", 0, "prove the check: forget one of so many durable writes")
	if err := fs.Parse(args); err != nil {
		return err
	}
	return check(o)
}
