// Command ublkdemo shows package ublk at work: a device that answers everything
// at once, and one that keeps its data in memory. The first is the yardstick
// for what the path through the kernel costs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/ublk"
	"golang.org/x/sys/unix"
)

// stopTimeout bounds the way down after a signal.
const stopTimeout = 30 * time.Second

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer cancel()
	if err := rootCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "ublkdemo:", err)
		os.Exit(1)
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{Use: "ublkdemo", Short: "Show package ublk at work",
		SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(
		serveCommand("null", "Serve a device that keeps nothing", false, func(uint64) (ublk.Handler, error) { return null{}, nil }),
		serveCommand("copy", "The same, but move the data once", false, func(uint64) (ublk.Handler, error) { return copying{}, nil }),
		serveCommand("user-copy", "The same by pread and pwrite", true, func(uint64) (ublk.Handler, error) { return copying{true}, nil }),
		serveCommand("ram", "Serve a device in memory", false, newRAM),
		featuresCommand(), listCommand(), deleteCommand())
	return root
}

func serveCommand(use, short string, userCopy bool, handler func(size uint64) (ublk.Handler, error)) *cobra.Command {
	c := ublk.Config{UserCopy: userCopy, VolatileCache: true, FUA: true, DiscardMaxBytes: 1 << 30, WriteZeroesMaxBytes: 1 << 30}
	var size string
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}
	f := cmd.Flags()
	f.StringVar(&size, "size", "256M", "size of the device in bytes, with suffix K, M, G or T")
	f.IntVar(&c.ID, "id", -1, "N of /dev/ublkbN, -1 for any")
	f.IntVar(&c.Queues, "queues", 2, "hardware queues")
	f.IntVar(&c.Depth, "depth", 128, "requests in flight on each queue")
	f.IntVar(&c.MaxIOBytes, "max-io", 512<<10, "largest request in bytes")
	f.BoolVar(&c.Float, "float", false, "leave the threads of the queues to the scheduler")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if c.SizeBytes, err = parseSize(size); err != nil {
			return err
		}
		h, err := handler(c.SizeBytes)
		if err != nil {
			return err
		}
		return serve(cmd.Context(), c, h)
	}
	return cmd
}

// serve runs a device until the context ends, or until someone else takes the
// device away.
func serve(ctx context.Context, c ublk.Config, h ublk.Handler) error {
	dev, err := ublk.New(ctx, c, h)
	if err != nil {
		return err
	}
	if err := dev.Start(ctx); err != nil {
		return errors.Join(err, stop(dev))
	}
	fmt.Println(dev.BlockPath())
	select {
	case <-ctx.Done():
	case <-dev.Done():
	}
	return errors.Join(stop(dev), dev.Err())
}

// stop takes the device away even if it is in use: the data goes with this
// process in any case.
func stop(dev *ublk.Device) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return dev.ForceStop(ctx)
}

func parseSize(s string) (uint64, error) {
	digits, shift := s, 0
	for i, unit := range []string{"K", "M", "G", "T"} {
		if d, ok := strings.CutSuffix(s, unit); ok {
			digits, shift = d, 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63-shift)
	if err != nil {
		return 0, fmt.Errorf("size %q: want a number, and K, M, G or T after it: %w", s, err)
	}
	return n << shift, nil
}

func featuresCommand() *cobra.Command {
	return &cobra.Command{Use: "features", Short: "List what this kernel's ublk driver can do", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := ublk.ProbeFeatures(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Printf("%#x: %v\n", uint64(f), f)
			return nil
		}}
}

func listCommand() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the ublk devices of this kernel", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := ublk.List(cmd.Context())
			if err != nil {
				return err
			}
			for _, i := range all {
				fmt.Printf("%d %v pid %d, %d queues of %d, %d bytes, %v\n",
					i.ID, i.State, i.PID, i.Queues, i.Depth, i.SizeBytes, i.Features)
			}
			return nil
		}}
}

func deleteCommand() *cobra.Command {
	return &cobra.Command{Use: "delete ID", Short: "Delete a device that no process serves", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.Atoi(args[0])
			if err != nil {
				return fmt.Errorf("id %q is not a number", args[0])
			}
			return ublk.Delete(cmd.Context(), id)
		}}
}
