// Package cli is the lc command: one file for each verb.
//
// A verb ends with one of the exit codes of package control. What went wrong is
// one line on standard error: "lc: verb: what is wrong; what to do".
package cli
