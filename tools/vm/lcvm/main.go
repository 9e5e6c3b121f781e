// Command lcvm runs a command, or the tests of a package, in a guest of
// package vm.
//
//	go run ./tools/vm/lcvm build
//	go run ./tools/vm/lcvm run  [option…] -- COMMAND [argument…]
//	go run ./tools/vm/lcvm test [option…] PACKAGE [-run X] [other go test flags of the binary]
//
// The exit status is the command's; 125 means that there is none.
//
// Options:
//
//	--disk name=ssd,size=512M,bps=60M,iops=5000,lat=60us,flush=1ms
//	--disk name=hdd,size=4G,arm         (also rate=, seek=, rot=, path=FILE to keep, block=4096,
//	                                    serial=S; serial= for a disk that tells none)
//	--file GUEST=HOST                   push a file or folder
//	--env NAME=VALUE                    for the command
//	--modprobe a,b                      kernel modules to load (default ublk_drv)
//	--cpus N  --mem MB  --append "kernel parameters"
//	--udev                              run udevd
//	--console                           show the kernel console
//	--stdin                             pass standard input on
//	--stats                             at the end, print what each disk counted
//
// Each disk is $NAME to the command. Disks are /dev/vdb, /dev/vdc, … in the
// order of the options. `test` builds the package's test binary without cgo,
// pushes it with the package's testdata, and runs it there with -test.v and
// LC_GUEST=1 in its environment.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// noStatus is the exit status when the command did not give one.
const noStatus = 125

const usage = "usage: lcvm build | run [option…] -- COMMAND… | test [option…] PACKAGE [test flag…]; see go doc ./tools/vm/lcvm"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := verb(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lcvm:", err)
		code = noStatus
	}
	os.Exit(code)
}

func verb(ctx context.Context, args []string) (int, error) {
	if len(args) == 0 {
		return 0, errors.New(usage)
	}
	switch args[0] {
	case "build":
		b, err := vm.Build(ctx)
		if err == nil {
			fmt.Println(b.Dir, b.Version)
		}
		return 0, err
	case "run":
		return runVerb(ctx, args[1:])
	case "test":
		return testVerb(ctx, args[1:])
	}
	return 0, errors.New(usage)
}
