// Package control is what the lc command and its server say to each other, and
// the exit codes in which scripts hear of it.
//
// They speak over a unix socket that only root may use. The client sends one
// request, a line of JSON: {"verb": "attach", "args": {…}}. The server answers
// with lines of JSON: any number of {"progress": {…}}, then one {"result": …} or
// {"error": {"code": "in-use", "message": "…"}}. A client that shuts down its
// side of the connection takes the request back, and still gets the answer.
package control
