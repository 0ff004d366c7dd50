// Package tree has the commands that make a tree of services out of single
// supervised ones: what starts at boot, watches the service directory, and
// shows in ps what went wrong. Their manuals are the package comments of
// their mains.
package tree
