"""The commands of `batchrec`, a file for each: parse, call, print."""
