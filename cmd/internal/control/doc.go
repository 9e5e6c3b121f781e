// Package control is what the lc command and its server say to each other, and
// the exit codes in which scripts hear of it.
//
// They speak over a unix socket that only root may use. The client sends one
// request, a line of JSON: {"verb": "attach", "args": {…}}. The server answers
// with lines of JSON: any number of {"progress": {…}}, then one {"result": …} or
// {"error": {"code": "in-use", "message": "…"}}. A client that shuts down its
// side of the connection takes the request back, and still gets the answer.
//
// The types of the answers, and of what check, dump and replay find, are also
// what --json prints, and so a contract with scripts: JSON.md says what may be
// leaned on, made of the comments here, and the files in testdata pin every
// field. So the package knows none of ours: server and cli convert to its
// types, each in its file wire.go, and what changes below them changes no
// message unseen. Words that a script may switch on are types of their own, in
// words.go, which refuse to be sent with any other word.
package control
