package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/cmd/internal/server"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
	"golang.org/x/sys/unix"
)

// sameSignal is how far apart the signals of one wish may be.
const sameSignal = 300 * time.Millisecond

// Main runs the command line, whose first element is the program's name, and
// returns the exit code.
func Main(argv []string, stdout, stderr io.Writer) control.Code {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	// A second signal ends the program at once, unless it is the same again:
	// timeout(1) sends its own to the program and then to the program's group.
	context.AfterFunc(ctx, func() { time.AfterFunc(sameSignal, stop) })
	if err := absoluteStateDir(); err != nil {
		fmt.Fprintf(stderr, "lc: %v\n", err)
		return classify.Classify(err).Code
	}
	root := NewRoot()
	root.SetArgs(byName(argv))
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return control.OK
	}
	e := classify.Classify(err)
	// A message may carry the lines of several errors: scripts and people get one.
	message := strings.ReplaceAll(e.Message, "\n", "; ")
	fmt.Fprintf(stderr, "lc: %s%s\n", verbOf(cmd), message)
	return e.Code
}

// absoluteStateDir names the directory of the record in full: a server that is
// started works in another directory.
func absoluteStateDir() error {
	dir := os.Getenv("LC_STATE_DIR")
	if dir == "" {
		return nil
	}
	dir, err := absolute(dir)
	if err != nil {
		return err
	}
	return os.Setenv("LC_STATE_DIR", dir)
}

// verbOf is "verb: ", or "" for the root.
func verbOf(cmd *cobra.Command) string {
	path := strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), "lc"), " ")
	if path == "" {
		return ""
	}
	return path + ": "
}

// byName turns the names of dm-lc's programs into verbs: lc-attach 5 3 is lc
// attach 5 3.
func byName(argv []string) []string {
	verb, ok := strings.CutPrefix(filepath.Base(argv[0]), "lc-")
	if !ok || verb == "" {
		return argv[1:]
	}
	if verb == "resume-cache" { // dm-lc had both names
		verb = "resume"
	}
	return append([]string{verb}, argv[1:]...)
}

// NewRoot makes the command tree.
func NewRoot() *cobra.Command {
	root := &cobra.Command{
		Use:               "lc",
		Short:             "A log-structured write cache for block devices, in user space",
		Long:              "lc puts a fast disk in front of a slow one. Writes go to a log on the fast disk, and migrate to the slow\none in sorted batches. The pair is an ordinary block device, /dev/ublkbN.",
		Version:           server.Version(),
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: requireRoot,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return control.Errorf(control.Usage, "no verb %q; `lc help` lists them", args[0])
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return control.Errorf(control.Usage, "%w", noNumber(err)) })
	root.AddCommand(
		formatCommand(), wipeCommand(), resumeCommand(), freeCommand(), createCommand(), removeCommand(), attachCommand(), detachCommand(), reopenCommand(), drainCommand(), whyCommand(),
		daemonCommand(), listCommand(), statusCommand(), getCommand(), setCommand(), shutdownCommand(), serverCommand(),
		featuresCommand(), checkCommand(), dumpCommand(), replayCommand(), forgetCommand(), versionCommand(), codesTopic(),
	)
	root.SetVersionTemplate(versionText)
	refuseBogusHelp(root)
	return root
}

// noNumber says of a value that it is no number, in words of ours.
func noNumber(err error) error {
	var n *strconv.NumError
	if !errors.As(err, &n) || n.Func == "ParseBool" || !errors.Is(n, strconv.ErrSyntax) {
		return err
	}
	return fmt.Errorf("%s: it takes a number", strings.TrimSuffix(err.Error(), ": "+n.Error()))
}

// euid is who runs the program.
var euid = os.Geteuid

// unprivileged marks a command that anybody may run.
const unprivileged = "unprivileged"

// requireRoot comes before all else a verb looks at.
func requireRoot(cmd *cobra.Command, _ []string) error {
	for c := cmd; c != nil; c = c.Parent() {
		if _, free := c.Annotations[unprivileged]; free || c.Name() == "help" || c.Name() == "completion" || strings.HasPrefix(c.Name(), "__") {
			return nil
		}
	}
	if cmd.HasParent() && euid() != 0 {
		return control.Errorf(control.NotPermitted, "not root; block devices and the server are root's: try sudo")
	}
	return nil
}

// exactly wants so many arguments, with names for the message.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := requireRoot(cmd, args); err != nil {
			return err
		}
		if len(args) == len(names) {
			return nil
		}
		want := "no arguments"
		if len(names) > 0 {
			want = strings.Join(names, " ")
		}
		return control.Errorf(control.Usage, "takes %s, not %s; `%s --help` tells more", want, inspect.Count(len(args), "argument"), cmd.CommandPath())
	}
}

// codesTopic is a help topic: the exit codes.
func codesTopic() *cobra.Command {
	var b strings.Builder
	b.WriteString("lc ends with one of these codes. They never change.\n\n")
	for _, c := range control.Codes {
		fmt.Fprintf(&b, "%4d  %-14s %s\n", int(c.Code), c.Name, c.Meaning)
	}
	b.WriteString("\nWith an error, one line on standard error says what is wrong and what to do.")
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: b.String()}
}
