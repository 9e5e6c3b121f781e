// Command lc puts a fast disk in front of a slow one: a log-structured write
// cache in user space. `lc help` lists its verbs.
package main

import (
	"os"

	"github.com/ublk-lc/ublk-lc/cmd/internal/cli"
)

func main() { os.Exit(int(cli.Main(os.Args, os.Stdout, os.Stderr))) }
