// Package arch holds the rules of this repository as tests: who may import whom,
// what the pure packages may not do, how long files and functions may be, and that
// what a package shows has a comment. Exceptions are listed, each with its reason.
package arch
