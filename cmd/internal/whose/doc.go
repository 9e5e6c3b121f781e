// Package whose tells to which disk the data in a log belongs. It has two
// witnesses: what the host says of a disk, which may be missing, doubled, or
// change with an update; and what is written on it, which may not tell much as
// yet, and changes when somebody writes to the disk behind the log's back.
package whose
