// Package tree has the commands that make a tree of services out of single
// ones: supervise keeps one running, svscan looks after a directory of them,
// svscanboot starts that at boot, and readproctitle shows in ps what went
// wrong. Their manuals are the package comments of their mains.
package tree
