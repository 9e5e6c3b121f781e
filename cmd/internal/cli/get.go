package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func getCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "get [PATH]",
		Short:             "Show an attribute, or all below a path",
		ValidArgsFunction: completePath,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return control.Errorf(control.Usage, "takes at most one PATH, not %d arguments", len(args))
			}
			path := strings.Join(args, "")
			var list []control.Attribute
			if err := call(cmd, control.VerbGet, control.AttributeArgs{Path: path}, &list); err != nil {
				return err
			}
			switch {
			case asJSON:
				return printJSON(cmd.OutOrStdout(), list)
			case len(list) == 1 && list[0].Path == strings.Trim(path, "/"):
				fmt.Fprintln(cmd.OutOrStdout(), control.Show(list[0].Value))
				return nil
			}
			return printTree(cmd.OutOrStdout(), list)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func printTree(w io.Writer, list []control.Attribute) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, a := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\n", a.Mode, a.Path, strings.TrimSpace(control.Show(a.Value)+" "+a.Unit))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// completePath offers the paths of the tree to the shell, with what they mean.
// Without a server there are none.
func completePath(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []control.Attribute
	if err := call(cmd, control.VerbGet, control.AttributeArgs{}, &list); err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	offer := make([]string, 0, len(list))
	for _, a := range list {
		if cmd.Name() == "get" && a.Mode == "-w" || cmd.Name() == "set" && a.Mode == "r-" {
			continue
		}
		offer = append(offer, a.Path+"\t"+a.Doc)
	}
	return offer, cobra.ShellCompDirectiveNoFileComp
}
