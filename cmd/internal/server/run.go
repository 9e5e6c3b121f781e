package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/ublk-lc/ublk-lc/cmd/internal/autopilot"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager"
	"golang.org/x/sys/unix"
)

// forceWithin is for how long after a refused SIGTERM a second one stops
// devices that are in use.
const forceWithin = time.Minute

// Run is the server's process, from start to end. ready is told once, when
// commands are taken, or why they never will be.
func Run(logTo io.Writer, ready func(error)) error {
	unix.Umask(0o022) // of what is for all to see, the links; the run directory has modes of its own
	log := newLog(logTo)
	keepMemory(log)
	m := manager.New(manager.Options{Log: log, LinkDir: manager.LinkDir, Memory: totalMemory()})
	s, err := New(m, autopilot.New(m, log))
	if err != nil {
		ready(err)
		return err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT)
	signal.Ignore(unix.SIGHUP, unix.SIGPIPE)
	defer signal.Stop(signals)
	go s.obey(signals, log)
	log.Info(fmt.Sprintf("server %s runs as process %d", Version(), os.Getpid()))
	ready(nil)
	_, _ = sd.SdNotify(true, sd.SdNotifyReady)
	err = s.Serve(context.Background())
	log.Info("server ends")
	return err
}

// obey takes SIGTERM for a shutdown. While a device is open or mounted it is
// refused, once: the second signal means it.
func (s *Server) obey(signals <-chan os.Signal, log *slog.Logger) {
	var refused time.Time
	for {
		select {
		case <-s.ended:
			return
		case sig := <-signals:
			force := !refused.IsZero() && time.Since(refused) < forceWithin
			log.Info(fmt.Sprintf("%v: shutting down", sig))
			report := func(p control.Progress) { log.Info(p.Text) }
			if _, err := s.m.Shutdown(context.Background(), control.ShutdownArgs{Force: force}, report); err != nil {
				log.Warn(fmt.Sprintf("%v: %v; a second signal within %v stops all the same, and programs that use a device get errors", sig, err, forceWithin))
				refused = time.Now()
				continue
			}
			_, _ = sd.SdNotify(false, sd.SdNotifyStopping)
			s.end()
			return
		}
	}
}
